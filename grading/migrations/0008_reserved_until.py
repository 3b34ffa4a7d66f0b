from datetime import timedelta

from django.db import migrations, models
from django.utils import timezone


def end_reservations(apps, schema_editor):
    """Let the seats that are reserved now end by the clock too: a session is open for 35 minutes."""
    reserved = apps.get_model("grading", "Enrollment").objects.filter(status="reserved")
    reserved.update(reserved_until=timezone.now() + timedelta(minutes=35))


class Migration(migrations.Migration):
    dependencies = [("grading", "0007_repeated_answers")]

    operations = [
        migrations.AddField(
            model_name="enrollment",
            name="reserved_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunPython(end_reservations, migrations.RunPython.noop),
    ]
