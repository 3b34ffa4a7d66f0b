"""Removes the columns and the table whose rows `0013_points_data` has taken over."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("grading", "0013_points_data")]

    operations = [
        migrations.RemoveIndex("answer", "ix_answer_question"),
        migrations.RemoveField("answer", "override_at"),
        migrations.RemoveField("answer", "override_by"),
        migrations.RemoveField("answer", "override_points"),
        migrations.RemoveField("answer", "override_reason"),
        migrations.AddIndex(
            "answer",
            models.Index(
                condition=models.Q(("waits", True)), fields=["question"], name="ix_answer_question"
            ),
        ),
        migrations.DeleteModel("FormerRegrade"),
        # The other indexes begin with the enrollment too.
        migrations.AlterField(
            "answer",
            "enrollment",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="answers",
                to="grading.enrollment",
                verbose_name="enrollment",
            ),
        ),
        migrations.AlterField(
            "attempt",
            "enrollment",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="attempts",
                to="grading.enrollment",
            ),
        ),
    ]
