from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from books.models.fields import ConflictsField
from books.models.releases import Release
from books.querysets import (
    AddressQuerySet,
    BookQuerySet,
    PageQuerySet,
)


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


class FormerAddress(models.Model):
    """An address that a page of a book had in an earlier edition; `page` is null if it is gone.

    `access` is that of the page when it had the address.
    """

    book = models.ForeignKey(Book, models.CASCADE, related_name="former_addresses")
    url = models.CharField(_("url"), max_length=400)
    page = models.ForeignKey(
        Page, models.SET_NULL, null=True, blank=True, related_name="former_addresses"
    )
    access = models.CharField(
        _("access"), max_length=10, choices=Page.Access.choices, blank=True, default=""
    )

    objects = AddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("former address")
        verbose_name_plural = _("former addresses")
        constraints = (
            models.UniqueConstraint(fields=("book", "url"), name="uq_formeraddress_book_url"),
            models.CheckConstraint(
                condition=Q(access__in=("", "public")), name="ck_formeraddress_access"
            ),
        )

    def __str__(self) -> str:
        return self.url
