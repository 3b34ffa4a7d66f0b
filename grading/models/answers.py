"""Models of what students answer: attempts, and what counts of them."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from books.models import Feedback, PointsField, Question
from grading.models.courses import Enrollment
from grading.querysets import AnswerQuerySet


class Attempt(models.Model):
    """One attempt at a question, with what the grader gave. It is stored once and kept forever.

    `points` is null if a person has to grade it. `parts` lists [key of the part, points, key of the
    feedback]; kinds of questions without parts have one, whose key is empty.
    """

    # The indexes below begin with it.
    enrollment = models.ForeignKey(
        Enrollment, models.CASCADE, related_name="attempts", db_index=False
    )
    question = models.ForeignKey(Question, models.CASCADE, related_name="attempts")
    client_key = models.UUIDField(_("client key"), default=uuid.uuid4)
    string = models.TextField(_("answer"))
    points = PointsField(_("points"), null=True, blank=True)
    feedback = models.ForeignKey(
        Feedback, models.SET_NULL, null=True, blank=True, related_name="attempts"
    )
    parts = models.JSONField(_("parts"), default=list, blank=True, editable=False)
    # What `Question.version` was when the attempt was graded; "" if that is not known.
    version = models.CharField(max_length=16, blank=True, default="", editable=False)
    # When the request reached the site, before it waited for any lock.
    received_at = models.DateTimeField(_("given"), default=timezone.now)

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
            models.Index(
                fields=("enrollment", "received_at"), name="ix_attempt_enrollment_received"
            ),
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


class Answer(models.Model):
    """What counts of a student's attempts at a question: derived by `grading.scores`, never edited.

    There is a row where there is an attempt or an override. `points` is the score; it is null
    until something has been graded. `attempt` is the one that counts, null if there is none;
    `string`, `feedback` and `answered_at` are those of this attempt. `raw_points` are its points
    before hints and the late rule. `waits` is true if an attempt that could change the score waits
    for a person, and `reasons` are those of the score, see `scores.Score`.
    """

    # Found by the unique constraint; another index would be written with each score.
    enrollment = models.ForeignKey(
        Enrollment,
        models.CASCADE,
        verbose_name=_("enrollment"),
        related_name="answers",
        db_index=False,
    )
    question = models.ForeignKey(
        Question, models.CASCADE, verbose_name=_("question"), related_name="answers"
    )
    attempt = models.ForeignKey(
        Attempt, models.CASCADE, verbose_name=_("attempt"), null=True, blank=True, related_name="+"
    )
    string = models.TextField(_("answer"), blank=True)
    raw_points = PointsField(_("points before rules"), null=True, blank=True)
    points = PointsField(_("points"), null=True, blank=True)
    waits = models.BooleanField(_("waits for a person"), default=False)
    reasons = models.JSONField(_("reasons"), default=list, blank=True)
    feedback = models.ForeignKey(
        Feedback, models.SET_NULL, null=True, blank=True, related_name="answers"
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

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
                fields=("question",), name="ix_answer_question", condition=models.Q(waits=True)
            ),
        )

    def __str__(self) -> str:
        return self.string[:60]
