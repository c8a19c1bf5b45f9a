"""Not to be done in one step."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_index")]
    operations = [migrations.RunPython(lambda apps, schema_editor: None)]
