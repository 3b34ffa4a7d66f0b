from django.db import migrations, models


def forget_defaults(apps, schema_editor):
    """Tries were allowed by default: nobody has decided so for a course that limits attempts."""
    apps.get_model("grading", "Course").objects.filter(allows_tries=True).update(allows_tries=None)


class Migration(migrations.Migration):
    dependencies = [("grading", "0008_reserved_until")]

    operations = [
        migrations.AlterField(
            model_name="course",
            name="allows_tries",
            field=models.BooleanField(
                blank=True,
                choices=[
                    (None, "allowed unless attempts are limited"),
                    (True, "allowed"),
                    (False, "not allowed"),
                ],
                help_text="Whether people who are not enrolled can try the questions that the author has marked with :try:, while this course is open. They have no limit of attempts.",
                null=True,
                verbose_name="tries without an account",
            ),
        ),
        migrations.RunPython(forget_defaults, migrations.RunPython.noop),
    ]
