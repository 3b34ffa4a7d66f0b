"""Tables for what people and regrades give; `0013_points_data` fills them."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import books.models


def rename_what_belongs_to_the_table(apps, schema_editor):
    """Free the names that PostgreSQL gives to the primary key of the new table."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "ALTER INDEX IF EXISTS grading_regrade_pkey RENAME TO grading_formerregrade_pkey"
        )
        schema_editor.execute(
            "ALTER SEQUENCE IF EXISTS grading_regrade_id_seq RENAME TO grading_formerregrade_id_seq"
        )


def person(verbose_name):
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.SET_NULL,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
        verbose_name=verbose_name,
    )


def key():
    return models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )


def parent(to, related_name, **options):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE, related_name=related_name, to=to, **options
    )


class Migration(migrations.Migration):
    dependencies = [
        ("books", "0010_edited_by"),
        ("grading", "0011_ungraded"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RenameModel("Regrade", "FormerRegrade"),
        migrations.RunPython(rename_what_belongs_to_the_table, migrations.RunPython.noop),
        migrations.RemoveIndex("attempt", "ix_attempt_enrollment_created"),
        migrations.RenameField("attempt", "created_at", "received_at"),
        migrations.AddIndex(
            "attempt",
            models.Index(
                fields=["enrollment", "received_at"], name="ix_attempt_enrollment_received"
            ),
        ),
        migrations.AddField(
            "attempt",
            "parts",
            models.JSONField(blank=True, default=list, editable=False, verbose_name="parts"),
        ),
        migrations.CreateModel(
            name="Regrade",
            fields=[
                ("id", key()),
                ("reason", models.TextField(verbose_name="reason")),
                (
                    "only_raise",
                    models.BooleanField(default=False, verbose_name="only raise points"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="regraded"
                    ),
                ),
                (
                    "undone_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="undone"),
                ),
                ("course", parent("grading.course", "regrades", verbose_name="course")),
                ("created_by", person("by")),
                ("undone_by", person("undone by")),
            ],
            options={
                "verbose_name": "regrade",
                "verbose_name_plural": "regrades",
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="RegradedAttempt",
            fields=[
                ("id", key()),
                ("points", books.models.PointsField(blank=True, null=True, verbose_name="points")),
                ("parts", models.JSONField(blank=True, default=list, verbose_name="parts")),
                ("attempt", parent("grading.attempt", "regraded")),
                (
                    "feedback",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="books.feedback",
                    ),
                ),
                ("regrade", parent("grading.regrade", "attempts")),
            ],
            options={
                "verbose_name": "regraded attempt",
                "verbose_name_plural": "regraded attempts",
                "ordering": ("pk",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("regrade", "attempt"), name="uq_regradedattempt_regrade_attempt"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Grade",
            fields=[
                ("id", key()),
                ("points", books.models.PointsField(verbose_name="points")),
                ("items", models.JSONField(blank=True, default=list, verbose_name="items")),
                ("comment", models.TextField(blank=True, verbose_name="comment")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="graded"),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                ("attempt", parent("grading.attempt", "grades", verbose_name="attempt")),
                ("created_by", person("by")),
                ("ended_by", person("ended by")),
            ],
            options={
                "verbose_name": "grade",
                "verbose_name_plural": "grades",
                "ordering": ("pk",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("attempt",),
                        name="uq_grade_attempt",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("points__gte", 0)), name="ck_grade_points"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Override",
            fields=[
                ("id", key()),
                ("points", books.models.PointsField(verbose_name="points")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "is_private",
                    models.BooleanField(default=False, verbose_name="reason for instructors only"),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="set"),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                ("created_by", person("by")),
                ("ended_by", person("ended by")),
                (
                    "enrollment",
                    parent("grading.enrollment", "overrides", verbose_name="enrollment"),
                ),
                ("question", parent("books.question", "overrides", verbose_name="question")),
            ],
            options={
                "verbose_name": "override",
                "verbose_name_plural": "overrides",
                "ordering": ("pk",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("enrollment", "question"),
                        name="uq_override_enrollment_question",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("points__gte", 0)), name="ck_override_points"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RuleChange",
            fields=[
                ("id", key()),
                ("name", models.CharField(max_length=30, verbose_name="rule")),
                ("before", models.JSONField(blank=True, null=True, verbose_name="before")),
                ("after", models.JSONField(blank=True, null=True, verbose_name="after")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="changed"),
                ),
                ("course", parent("grading.course", "rule_changes", verbose_name="course")),
                ("created_by", person("by")),
                (
                    "question",
                    parent(
                        "books.question",
                        "rule_changes",
                        blank=True,
                        null=True,
                        verbose_name="question",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a rule",
                "verbose_name_plural": "changes of rules",
                "ordering": ("pk",),
            },
        ),
        migrations.AddField(
            "interactive",
            "dropped",
            models.BooleanField(
                default=False,
                help_text="It counts neither for nor against anybody.",
                verbose_name="dropped",
            ),
        ),
        migrations.AddField(
            "interactive",
            "full_points",
            models.BooleanField(
                default=False,
                help_text="For everybody, answered or not.",
                verbose_name="full points",
            ),
        ),
        migrations.AddField(
            "answer",
            "attempt",
            parent("grading.attempt", "+", blank=True, null=True, verbose_name="attempt"),
        ),
        migrations.AddField(
            "answer",
            "raw_points",
            books.models.PointsField(blank=True, null=True, verbose_name="points before rules"),
        ),
        migrations.AddField(
            "answer",
            "waits",
            models.BooleanField(default=False, verbose_name="waits for a person"),
        ),
        migrations.AddField(
            "answer",
            "reasons",
            models.JSONField(blank=True, default=list, verbose_name="reasons"),
        ),
        migrations.AlterField(
            "answer", "string", models.TextField(blank=True, verbose_name="answer")
        ),
        migrations.AlterField(
            "answer",
            "answered_at",
            models.DateTimeField(blank=True, null=True, verbose_name="answered"),
        ),
    ]
