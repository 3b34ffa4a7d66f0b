from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from bookbinder.sphinx import kinds
from books.querysets import (
    BookQuerySet,
    EditionQuerySet,
    FeedbackQuerySet,
    PageQuerySet,
    QuestionQuerySet,
)


class PointsField(models.DecimalField):
    """A number of points, with at most two decimal places."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "max_digits": 8, "decimal_places": 2})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs


class ConflictsField(models.CharField):
    """Comma-separated names of fields that an admin and then the source have changed.

    The names are those in `books.editing.conflicts.FIELDS`. A field is listed until somebody has
    decided which text is shown.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(_("conflicts"), max_length=100, blank=True, default="", editable=False)

    def deconstruct(self) -> Any:
        name, path, _args, _kwargs = super().deconstruct()
        return name, path, [], {}


class Release(models.Model):
    """A published build of a project. Its files are in `folder` and never change."""

    project = models.CharField(_("project"), max_length=100)
    folder = models.CharField(_("folder"), max_length=100)
    created_at = models.DateTimeField(_("published"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("by"),
        null=True,
        blank=True,
        related_name="+",
    )
    # The source folder that it was built from, if known.
    source = models.CharField(_("source folder"), max_length=500, blank=True)
    # The system user who ran the command, if it was published by `sphinx_sync`.
    operator = models.CharField(_("operator"), max_length=100, blank=True)
    summary = models.TextField(_("what changed"), blank=True)
    # All files, including pages, by path: see `books.releases.contents.Files`.
    files = models.JSONField(_("files"), default=dict)

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=("project", "folder"), name="uq_release_project_folder"),
        )

    def __str__(self) -> str:
        return f"{self.project} {self.pk}"

    @property
    def made_by(self) -> str:
        """The name of the user who published it in the admin or, otherwise, the operator."""
        return str(self.created_by) if self.created_by else self.operator


class Edition(models.Model):
    """A build that is published from the admin: it is planned, shown, and then published.

    Its files are in `editions/<folder>` in the data folder until it is finished or expires.
    """

    class State(models.TextChoices):
        PLANNING = "planning", _("being planned")
        PLANNED = "planned", _("waits for approval")
        PUBLISHING = "publishing", _("being published")
        PUBLISHED = "published", _("published")
        NOTHING = "nothing", _("nothing to do")
        FAILED = "failed", _("not published")

    # One of the operator's source folders; empty for a build that was uploaded.
    source = models.CharField(_("source folder"), max_length=500, blank=True)
    folder = models.CharField(max_length=40)
    project = models.CharField(_("project"), max_length=100, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PLANNING
    )
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # What is being done now, shown to people who wait; `message` says how it ended.
    step = models.CharField(_("step"), max_length=200, blank=True)
    touched_at = models.DateTimeField(auto_now=True)
    message = models.TextField(_("result"), blank=True)
    # The plan that was shown, as [text, tone] lines, and its hash. Only this plan is published: if
    # the hash of a new plan differs, it is shown first.
    plan = models.JSONField(default=list)
    names = models.JSONField(default=list)  # whose data would be deleted: for admins only
    digest = models.CharField(max_length=64, blank=True)
    needs_permission = models.BooleanField(default=False)
    # {"prefer", "regrade", "delete_user_data"} as in the form, {"by", "language"} of the user.
    options = models.JSONField(default=dict)

    objects = EditionQuerySet.as_manager()

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    state__in=(
                        "planning",
                        "planned",
                        "publishing",
                        "published",
                        "nothing",
                        "failed",
                    )
                ),
                name="ck_edition_state",
            ),
            models.UniqueConstraint(fields=("folder",), name="uq_edition_folder"),
        )

    def __str__(self) -> str:
        number = _("edition %(n)s") % {"n": self.pk}
        return f"{self.project or self.source} · {number}".strip(" ·")

    @property
    def is_working(self) -> bool:
        """Whether it is being planned or published."""
        return self.state in (self.State.PLANNING, self.State.PUBLISHING)


class Book(models.Model):
    """A textbook. Its rows mirror a build, except `price`, which is set only in the admin."""

    project = models.CharField(_("project"), max_length=100)
    url = models.CharField(_("url"), max_length=100, blank=True)
    title = models.CharField(_("title"), max_length=500)
    source_title = models.CharField(_("title in the source"), max_length=500, blank=True)
    price = models.PositiveIntegerField(
        _("price"), default=0, help_text=_("In the currency's smallest unit; 0 is free.")
    )
    release = models.ForeignKey(
        Release,
        models.PROTECT,
        verbose_name=_("release"),
        null=True,
        blank=True,
        related_name="books",
        help_text=_("None: the book has been withdrawn."),
    )
    description = models.TextField(_("description"), blank=True)
    author = models.CharField(_("author"), max_length=500, blank=True)
    cover = models.CharField(_("path of its picture"), max_length=400, blank=True)
    conflicts = ConflictsField()

    objects = BookQuerySet.as_manager()

    class Meta:
        verbose_name = _("book")
        verbose_name_plural = _("books")
        ordering = ("title", "pk")
        constraints = (
            models.UniqueConstraint(fields=("project", "url"), name="uq_book_project_url"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        if self.folder:
            return reverse("book", args=(self.project, self.folder))
        return reverse("project", args=(self.project,))

    @property
    def cover_url(self) -> str:
        """The address of its picture, which is public; empty if it has none."""
        return reverse("reader", args=(self.project, self.cover)) if self.cover else ""

    @property
    def folder(self) -> str:
        """The folder of its documents within the project, or an empty string if it has none.

        If a whole project is one book, its url is the slug of the project. The extension does not
        allow a folder with that name.
        """
        return "" if self.url in ("", self.project) else self.url

    @property
    def takes_courses(self) -> bool:
        """Whether it can have courses: not if it only collects the pages outside all books."""
        return self.url != ""

    def docname_of(self, page_url: str) -> str:
        """Return the docname, within the project, of the page at `page_url` of the book."""
        return f"{self.folder}/{page_url}" if self.folder else page_url


class Author(models.Model):
    """A user who may edit a book, its feedback and its courses."""

    book = models.ForeignKey(Book, models.CASCADE, related_name="authors")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="authorships")

    class Meta:
        verbose_name = _("author")
        verbose_name_plural = _("authors")
        constraints = (
            models.UniqueConstraint(fields=("book", "user"), name="uq_author_book_user"),
        )

    def __str__(self) -> str:
        return str(self.user)


class Page(models.Model):
    """A document of a book. `index` is its position in the gradebook, null if it is not in it."""

    class Access(models.TextChoices):
        MEMBERS = "", _("people who are enrolled in a course")
        PUBLIC = "public", _("anyone")

    book = models.ForeignKey(Book, models.CASCADE, related_name="pages")
    url = models.CharField(_("url"), max_length=400)
    title = models.CharField(_("title"), max_length=500)
    source_title = models.CharField(_("title in the source"), max_length=500, blank=True)
    index = models.PositiveIntegerField(_("index"), null=True, blank=True)
    source_index = models.PositiveIntegerField(_("index in the source"), null=True, blank=True)
    position = models.PositiveIntegerField(_("position in the book"), default=0)
    level = models.PositiveIntegerField(_("level in the table of contents"), default=0)
    caption = models.CharField(_("caption above it"), max_length=500, blank=True)
    source_id = models.CharField(_("page id"), max_length=64)
    fingerprint = models.CharField(_("fingerprint"), max_length=64, blank=True)
    access = models.CharField(
        _("access"), max_length=10, choices=Access.choices, blank=True, default=Access.MEMBERS
    )
    conflicts = ConflictsField()

    objects = PageQuerySet.as_manager()

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        ordering = ("book", "position", "pk")
        constraints = (
            models.UniqueConstraint(fields=("book", "url"), name="uq_page_book_url"),
            models.UniqueConstraint(fields=("source_id",), name="uq_page_source_id"),
            models.CheckConstraint(condition=Q(access__in=("", "public")), name="ck_page_access"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("reader", args=(self.book.project, f"{self.docname}.html"))

    @property
    def docname(self) -> str:
        return self.book.docname_of(self.url)


class Question(models.Model):
    """A question on a page. `label` is its HTML id there."""

    page = models.ForeignKey(Page, models.CASCADE, related_name="questions")
    label = models.CharField(_("label"), max_length=100)
    index = models.PositiveIntegerField(_("position on the page"), default=0)
    points_possible = PointsField(_("points possible"), default=Decimal(1))
    grader = models.CharField(_("grader"), max_length=20)
    prompt = models.TextField(_("prompt"), blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64, blank=True)

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

    def natural_key(self) -> tuple[str, str, str, str, str | None, str]:
        return (*self.question.natural_key(), self.key, self.answer)
