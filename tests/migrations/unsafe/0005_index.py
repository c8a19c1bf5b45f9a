"""Not to be done in one step."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_required_column")]
    operations = [migrations.AddIndex("thing", models.Index(fields=["title"], name="thing_title"))]
