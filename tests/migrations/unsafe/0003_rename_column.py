"""Not to be done in one step."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_drop_column")]
    operations = [migrations.RenameField("thing", "name", "title")]
