"""Models of what people and regrades give beside the grader: kept, ended or undone, never edited.

`grading.scores` derives from them what counts.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from books.models import Feedback, PointsField, Question
from grading.models.answers import Attempt
from grading.models.courses import Course, Enrollment
from grading.querysets import KeptQuerySet, RegradeQuerySet


class Regrade(models.Model):
    """A layer of points over the attempts of a course, until it is undone."""

    course = models.ForeignKey(
        Course, models.CASCADE, verbose_name=_("course"), related_name="regrades"
    )
    reason = models.TextField(_("reason"))
    only_raise = models.BooleanField(_("only raise points"), default=False)
    # Null for a sync at the prompt.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("by"), null=True, blank=True,
        related_name="+",
    )  # fmt: skip
    created_at = models.DateTimeField(_("regraded"), default=timezone.now)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("undone by"), null=True,
        blank=True, related_name="+",
    )  # fmt: skip
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)

    objects = RegradeQuerySet.as_manager()

    class Meta:
        verbose_name = _("regrade")
        verbose_name_plural = _("regrades")
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.reason


class RegradedAttempt(models.Model):
    """What an attempt earns in a regrade. There is a row for each attempt that differs."""

    regrade = models.ForeignKey(Regrade, models.CASCADE, related_name="attempts")
    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="regraded")
    points = PointsField(_("points"), null=True, blank=True)
    feedback = models.ForeignKey(Feedback, models.SET_NULL, null=True, blank=True, related_name="+")
    parts = models.JSONField(_("parts"), default=list, blank=True)

    class Meta:
        verbose_name = _("regraded attempt")
        verbose_name_plural = _("regraded attempts")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("regrade", "attempt"), name="uq_regradedattempt_regrade_attempt"
            ),
        )

    def __str__(self) -> str:
        return str(self.points)


class Grade(models.Model):
    """A person's grade of one attempt. A newer one ends it."""

    attempt = models.ForeignKey(
        Attempt, models.CASCADE, verbose_name=_("attempt"), related_name="grades"
    )
    points = PointsField(_("points"))
    # The ticked items of a rubric, as [text, points]: an edition may change the items themselves.
    items = models.JSONField(_("items"), default=list, blank=True)
    comment = models.TextField(_("comment"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("by"), null=True, blank=True,
        related_name="+",
    )  # fmt: skip
    created_at = models.DateTimeField(_("graded"), default=timezone.now)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("ended by"), null=True,
        blank=True, related_name="+",
    )  # fmt: skip
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = KeptQuerySet.as_manager()

    class Meta:
        verbose_name = _("grade")
        verbose_name_plural = _("grades")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("attempt",), condition=Q(ended_at=None), name="uq_grade_attempt"
            ),
            models.CheckConstraint(condition=Q(points__gte=0), name="ck_grade_points"),
        )

    def __str__(self) -> str:
        return str(self.points)


class Override(models.Model):
    """Points that a person sets for a student and a question, answered or not. They are final.

    A newer override ends it.
    """

    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, verbose_name=_("enrollment"), related_name="overrides"
    )
    question = models.ForeignKey(
        Question, models.CASCADE, verbose_name=_("question"), related_name="overrides"
    )
    points = PointsField(_("points"))
    reason = models.TextField(_("reason"), blank=True)
    is_private = models.BooleanField(_("reason for instructors only"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("by"), null=True, blank=True,
        related_name="+",
    )  # fmt: skip
    created_at = models.DateTimeField(_("set"), default=timezone.now)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("ended by"), null=True,
        blank=True, related_name="+",
    )  # fmt: skip
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = KeptQuerySet.as_manager()

    class Meta:
        verbose_name = _("override")
        verbose_name_plural = _("overrides")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "question"),
                condition=Q(ended_at=None),
                name="uq_override_enrollment_question",
            ),
            models.CheckConstraint(condition=Q(points__gte=0), name="ck_override_points"),
        )

    def __str__(self) -> str:
        return str(self.points)


class RuleChange(models.Model):
    """A change of a rule by which points count, of a course or of one of its questions.

    `name` is a field of Course or, if there is a question, of Interactive. `before` and `after` are
    its values in JSON.
    """

    course = models.ForeignKey(
        Course, models.CASCADE, verbose_name=_("course"), related_name="rule_changes"
    )
    question = models.ForeignKey(
        Question, models.CASCADE, verbose_name=_("question"), null=True, blank=True,
        related_name="rule_changes",
    )  # fmt: skip
    name = models.CharField(_("rule"), max_length=30)
    before = models.JSONField(_("before"), null=True, blank=True)
    after = models.JSONField(_("after"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("by"), null=True, blank=True,
        related_name="+",
    )  # fmt: skip
    created_at = models.DateTimeField(_("changed"), default=timezone.now)

    class Meta:
        verbose_name = _("change of a rule")
        verbose_name_plural = _("changes of rules")
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name
