from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from bookbinder.sphinx import kinds
from books.models.books import Page
from books.models.fields import ConflictsField, PointsField
from books.querysets import (
    FeedbackQuerySet,
    QuestionQuerySet,
)


class Question(models.Model):
    """A question on a page. `label` is its HTML id there, and was one of `former_labels`."""

    page = models.ForeignKey(Page, models.CASCADE, related_name="questions")
    label = models.CharField(_("label"), max_length=100)
    index = models.PositiveIntegerField(_("position on the page"), default=0)
    points_possible = PointsField(_("points possible"), default=Decimal(1))
    grader = models.CharField(_("grader"), max_length=20)
    prompt = models.TextField(_("prompt"), blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64, blank=True)
    former_labels = models.JSONField(_("former labels"), default=list, blank=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ("page", "index", "pk")
        constraints = (
            models.UniqueConstraint(fields=("page", "label"), name="uq_question_page_label"),
            models.CheckConstraint(
                condition=Q(points_possible__gte=0), name="ck_question_points_possible"
            ),
        )

    def __str__(self) -> str:
        return self.label

    def natural_key(self) -> tuple[str, str, str, str]:
        """Return what identifies it in an archive.

        If it is deleted and comes back, its primary key is another one.
        """
        book = self.page.book
        return (book.project, book.url, self.page.url, self.label)

    @property
    def is_multiple(self) -> bool:
        """Whether several choices can be selected."""
        return self.kind.takes_choices and bool(self.options.get("multiple"))

    @property
    def kind(self) -> kinds.Kind:
        """The kind of question. Other code does not compare the names of graders."""
        return kinds.of(self.grader)

    @property
    def version(self) -> str:
        """A hash that changes if what the question asks, its grader or its points change.

        It is keyed: with a plain hash, people could verify guesses about the page's source.
        """
        asked = f"{self.fingerprint} {self.grader} {self.points_possible:.2f}"
        return salted_hmac("books.Question.version", asked, algorithm="sha256").hexdigest()[:16]


class Feedback(models.Model):
    """An answer that the author expects, with its points and the reply to it.

    The `source_…` fields contain what the book's source last said, to distinguish an edit made
    here from a change made there. They are null if the row was added in the admin.
    """

    class Markup(models.TextChoices):
        SPHINX = "sphinx", _("as in the page's source")
        MARKDOWN = "md", _("Markdown")

    class Origin(models.TextChoices):
        SOURCE = "source", _("the book's source")
        ADMIN = "admin", _("the admin")

    question = models.ForeignKey(Question, models.CASCADE, related_name="feedback")
    index = models.PositiveIntegerField(_("order"), default=0)
    key = models.CharField(_("key"), max_length=64, null=True, blank=True)
    answer = models.TextField(_("answer"))
    feedback = models.TextField(_("reply as HTML"), blank=True)
    text = models.TextField(_("reply"), blank=True)
    markup = models.CharField(
        _("markup"), max_length=10, choices=Markup.choices, default=Markup.MARKDOWN
    )
    points = PointsField(_("points"), default=Decimal(0))
    origin = models.CharField(
        _("origin"), max_length=10, choices=Origin.choices, default=Origin.ADMIN
    )
    source_answer = models.TextField(null=True, blank=True)
    source_feedback = models.TextField(null=True, blank=True)
    source_text = models.TextField(null=True, blank=True)
    source_markup = models.CharField(max_length=10, null=True, blank=True)
    source_points = PointsField(null=True, blank=True)
    conflicts = ConflictsField()
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    edited_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        ordering = ("question", "index", "pk")
        constraints = (
            models.UniqueConstraint(fields=("question", "key"), name="uq_feedback_question_key"),
            models.CheckConstraint(condition=Q(points__gte=0), name="ck_feedback_points"),
            models.CheckConstraint(
                condition=Q(markup__in=("sphinx", "md")), name="ck_feedback_markup"
            ),
            models.CheckConstraint(
                condition=Q(origin__in=("source", "admin")), name="ck_feedback_origin"
            ),
        )

    def __str__(self) -> str:
        return self.answer[:60]

    @property
    def is_edited(self) -> bool:
        """Whether it was added in the admin, or says other than the book's source."""
        said = (self.answer, self.text, self.points)
        return said != (self.source_answer, self.source_text, self.source_points)

    def natural_key(self) -> tuple[str, str, str, str, str | None, str]:
        return (*self.question.natural_key(), self.key, self.answer)
