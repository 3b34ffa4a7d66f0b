import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from annotations.querysets import AnnotationQuerySet
from books.models import Book, Page
from grading.models import Course


class PageRevision(models.Model):
    """The text of a page on which annotations were made, kept while one refers to it."""

    page = models.ForeignKey(Page, models.SET_NULL, null=True, related_name="revisions")
    built_at = models.DateTimeField(_("built"))
    text_sha256 = models.CharField(_("SHA-256 of the text"), max_length=64)
    text = models.BinaryField(_("canonical text, by zlib"))

    class Meta:
        verbose_name = _("page revision")
        verbose_name_plural = _("page revisions")
        constraints = (
            models.UniqueConstraint(
                fields=("page", "text_sha256"), name="uq_pagerevision_page_text_sha256"
            ),
        )

    def __str__(self) -> str:
        return f"{self.page} · {self.built_at:%Y-%m-%d}"


class Annotation(models.Model):
    """A note or highlight on a passage of a page, or a reply to one.

    `start` and `end` count code points of the page's canonical text. They are null for an orphan,
    a reply, and a note on a figure, a question or the whole page.
    """

    class Audience(models.TextChoices):
        PRIVATE = "private", _("only me")
        INSTRUCTORS = "instructors", _("my course's instructors")
        COURSE = "course", _("my whole course")
        AUTHORS = "authors", _("the book's authors")

    class Motivation(models.TextChoices):
        HIGHLIGHTING = "highlighting", _("highlight")
        COMMENTING = "commenting", _("note")
        QUESTIONING = "questioning", _("question")
        EDITING = "editing", _("problem report")
        REPLYING = "replying", _("reply")

    class State(models.TextChoices):
        KEPT = "kept", _("kept")
        MOVED = "moved", _("moved")
        CHANGED = "changed", _("changed")
        ORPHAN = "orphan", _("orphan")

    class Status(models.TextChoices):
        NONE = "", _("no report")
        NEW = "new", _("new")
        ACCEPTED = "accepted", _("accepted")
        FIXED = "fixed", _("fixed")
        DECLINED = "declined", _("declined")

    class Problem(models.TextChoices):
        NONE = "", _("no report")
        ERROR = "error", _("error")
        UNCLEAR = "unclear", _("unclear")
        TYPO = "typo", _("typo")
        BROKEN = "broken", _("does not work")

    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    book = models.ForeignKey(Book, models.PROTECT, related_name="annotations")
    page = models.ForeignKey(
        Page, models.SET_NULL, null=True, blank=True, related_name="annotations"
    )
    revision = models.ForeignKey(
        PageRevision, models.PROTECT, null=True, blank=True, related_name="annotations"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="annotations")
    course = models.ForeignKey(
        Course, models.CASCADE, null=True, blank=True, related_name="annotations"
    )
    audience = models.CharField(max_length=12, choices=Audience.choices, default=Audience.PRIVATE)
    motivation = models.CharField(max_length=12, choices=Motivation.choices)
    body = models.TextField(_("text, in Markdown"), blank=True)
    # The text as safe HTML, and the version of `annotations.rendering` that made it.
    html = models.TextField(blank=True, default="", editable=False)
    renderer = models.PositiveSmallIntegerField(default=0, editable=False)
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="children"
    )
    root = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="replies")
    # The HTML id of the figure or question that the note is on as a whole.
    fragment = models.CharField(max_length=200, blank=True, default="")
    quote = models.TextField(blank=True)
    prefix = models.CharField(max_length=32, blank=True)
    suffix = models.CharField(max_length=32, blank=True)
    start = models.PositiveIntegerField(null=True, blank=True)
    end = models.PositiveIntegerField(null=True, blank=True)
    # The passage when the note was created. Never overwritten, and used to find an orphan again.
    orig_quote = models.TextField(blank=True)
    orig_prefix = models.CharField(max_length=32, blank=True)
    orig_suffix = models.CharField(max_length=32, blank=True)
    orig_start = models.PositiveIntegerField(null=True, blank=True)
    orig_end = models.PositiveIntegerField(null=True, blank=True)
    orig_revision = models.ForeignKey(
        PageRevision, models.PROTECT, null=True, blank=True, related_name="first_annotations"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.KEPT)
    # When an edition last changed or removed the words that the note is on.
    displaced_at = models.DateTimeField(_("passage changed"), null=True, blank=True)
    # For an orphan: a similar passage, with the keys `page`, `start`, `end` and `quote`.
    suggestion = models.JSONField(null=True, blank=True)
    problem = models.CharField(
        _("problem"), max_length=10, choices=Problem.choices, blank=True, default=""
    )
    status = models.CharField(max_length=10, choices=Status.choices, blank=True, default="")
    tags = models.JSONField(default=list, blank=True)
    flagged = models.BooleanField(default=False)
    pinned = models.BooleanField(default=False)
    anonymous = models.BooleanField(_("anonymous to classmates"), default=False)
    hidden_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    hidden_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        verbose_name = _("annotation")
        verbose_name_plural = _("annotations")
        constraints = (
            models.UniqueConstraint(fields=("uuid",), name="uq_annotation_uuid"),
            models.CheckConstraint(
                condition=Q(audience__in=("private", "authors"), course__isnull=True)
                | Q(audience__in=("instructors", "course"), course__isnull=False),
                name="ck_annotation_audience_course",
            ),
            models.CheckConstraint(
                condition=Q(start__isnull=True, end__isnull=True) | Q(end__gt=F("start")),
                name="ck_annotation_start_end",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("kept", "moved", "changed", "orphan")),
                name="ck_annotation_state",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("", "new", "accepted", "fixed", "declined")),
                name="ck_annotation_status",
            ),
            models.CheckConstraint(
                condition=Q(problem__in=("", "error", "unclear", "typo", "broken")),
                name="ck_annotation_problem",
            ),
        )
        indexes = (
            models.Index(fields=("page", "audience"), name="ix_annotation_page_audience"),
            models.Index(fields=("user", "book"), name="ix_annotation_user_book"),
        )

    def __str__(self) -> str:
        # Without the text: the admin's log and the confirmation of a person's deletion show this.
        return f"{self.get_motivation_display()} {self.pk}"

    @property
    def is_reply(self) -> bool:
        return self.root_id is not None

    @property
    def is_orphan(self) -> bool:
        return self.state == self.State.ORPHAN

    @property
    def has_passage(self) -> bool:
        """Whether the note was made on words, not on a figure, a question or the whole page."""
        return bool(self.orig_quote)


class _SharedManager(models.Manager.from_queryset(AnnotationQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> AnnotationQuerySet:
        shared = (Annotation.Audience.INSTRUCTORS, Annotation.Audience.COURSE)
        to_judge = Q(root=None) | Q(flagged=True) | Q(hidden_at__isnull=False)
        return super().get_queryset().filter(to_judge, audience__in=shared)


class SharedNote(Annotation):
    """A note that a course's instructors may read, as the admin lists it. It is never private.

    Replies are shown with their note. Those that are flagged or hidden are in the list as well.
    """

    objects = _SharedManager()  # type: ignore[misc]

    class Meta:
        proxy = True
        verbose_name = _("shared note")
        verbose_name_plural = _("shared notes")


class _ReportManager(models.Manager.from_queryset(AnnotationQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> AnnotationQuerySet:
        return super().get_queryset().filter(audience=Annotation.Audience.AUTHORS, root=None)


class ProblemReport(Annotation):
    """A note to the book's authors, as the admin lists it."""

    objects = _ReportManager()  # type: ignore[misc]

    class Meta:
        proxy = True
        verbose_name = _("problem report")
        verbose_name_plural = _("problem reports")
