"""Not to be done in one step."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_rename_column")]
    operations = [migrations.AddField("thing", "size", models.IntegerField(default=0))]
