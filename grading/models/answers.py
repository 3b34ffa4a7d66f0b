"""Models of what students answer: attempts, the answer that counts, and its earlier grades."""

import uuid
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from books.models import Feedback, PointsField, Question
from grading.models.courses import Enrollment
from grading.querysets import AnswerQuerySet


class Attempt(models.Model):
    """One attempt at a question. It is stored once and kept forever."""

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="attempts")
    question = models.ForeignKey(Question, models.CASCADE, related_name="attempts")
    client_key = models.UUIDField(_("client key"), default=uuid.uuid4)
    string = models.TextField(_("answer"))
    points = PointsField(_("points"), null=True, blank=True)
    feedback = models.ForeignKey(
        Feedback, models.SET_NULL, null=True, blank=True, related_name="attempts"
    )
    # What `Question.version` was when the attempt was graded; "" if that is not known.
    version = models.CharField(max_length=16, blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("given"), default=timezone.now)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "client_key"), name="uq_attempt_enrollment_client_key"
            ),
        )
        indexes = (
            # With the primary key, so that the last attempt is found without reading the others.
            models.Index(
                fields=("enrollment", "question", "id"), name="ix_attempt_enrollment_question"
            ),
            models.Index(fields=("enrollment", "created_at"), name="ix_attempt_enrollment_created"),
        )

    def __str__(self) -> str:
        return self.string[:60]


class Repeat(models.Model):
    """An answer that was the same as the last attempt: no attempt of its own, only its key."""

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="repeats")
    attempt = models.ForeignKey(Attempt, models.CASCADE, related_name="repeats")
    client_key = models.UUIDField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("repeated answer")
        verbose_name_plural = _("repeated answers")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "client_key"), name="uq_repeat_enrollment_client_key"
            ),
        )
        indexes = (
            models.Index(fields=("enrollment", "created_at"), name="ix_repeat_enrollment_created"),
        )

    def __str__(self) -> str:
        return str(self.client_key)


class Regrade(models.Model):
    """The values of an answer before it was regraded. It is kept as long as the answer."""

    answer = models.ForeignKey("Answer", models.CASCADE, related_name="regrades")
    string = models.TextField(_("answer"))
    points = PointsField(_("points"), null=True, blank=True)
    feedback = models.ForeignKey(Feedback, models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.TextField(_("reason"))
    created_at = models.DateTimeField(_("regraded"), default=timezone.now)

    class Meta:
        verbose_name = _("regrade")
        verbose_name_plural = _("regrades")
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.reason


class Answer(models.Model):
    """The attempt that counts. `points` is null until it has been graded."""

    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, verbose_name=_("enrollment"), related_name="answers"
    )
    question = models.ForeignKey(
        Question, models.CASCADE, verbose_name=_("question"), related_name="answers"
    )
    string = models.TextField(_("answer"))
    points = PointsField(_("points"), null=True, blank=True)
    feedback = models.ForeignKey(
        Feedback, models.SET_NULL, null=True, blank=True, related_name="answers"
    )
    answered_at = models.DateTimeField(_("answered"), default=timezone.now)
    override_points = PointsField(_("points by hand"), null=True, blank=True)
    override_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    override_at = models.DateTimeField(_("graded by hand"), null=True, blank=True)
    override_reason = models.TextField(_("reason"), blank=True)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = (
            models.UniqueConstraint(
                fields=("enrollment", "question"), name="uq_answer_enrollment_question"
            ),
        )
        indexes = (
            # Few among very many: those of `ungraded`, which each page of the admin counts.
            models.Index(
                fields=("question",),
                name="ix_answer_question",
                condition=models.Q(points__isnull=True, override_points__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return self.string[:60]

    @property
    def counted_points(self) -> Decimal | None:
        """Return the points that count: those given by hand, if there are any."""
        return self.points if self.override_points is None else self.override_points
