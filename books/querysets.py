from typing import Any, Self

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import ExpressionWrapper, F, Q

from accounts import access
from accounts.access import Person
from bookbinder.sphinx import kinds


class BookQuerySet(models.QuerySet):
    def on_the_shelf(self) -> Self:
        """Return the books that everybody can find: published ones that can have courses."""
        return self.filter(release__isnull=False).exclude(url="")


class EditionQuerySet(models.QuerySet):
    def visible_to(self, user: Person) -> Self:
        """Return the editions that `user` may see in the admin."""
        return self.filter(access.rows(user, "books.view_edition"))


class AddressQuerySet(models.QuerySet):
    def at(self, project: str, docname: str) -> Self:
        """Return what has the address of a document of a project, as at most one row."""
        folder, _, rest = docname.partition("/")
        whole = Q(book__url__in=("", project), url=docname)
        in_folder = Q(book__url=folder, url=rest) & ~Q(book__url=project)
        return self.filter(whole | in_folder if rest else whole, book__project=project)


class PageQuerySet(AddressQuerySet):
    def visible_to(self, user: Person) -> Self:
        """Return the pages that `user` may read."""
        return self.filter(access.rows(user, "books.view_page"))

    def with_rights(self, user: Person) -> Self:
        """Annotate the pages with `is_readable`: whether `user` may read them."""
        rule = access.rows(user, "books.view_page")
        return self.annotate(is_readable=ExpressionWrapper(rule, models.BooleanField()))

    def with_release(self) -> Self:
        """Read the releases of the books with the pages, without the long lists in them."""
        lists = ("book__release__files", "book__release__names")
        return self.select_related("book__release").defer(*lists)

    def published(self) -> Self:
        """Return the pages of published books."""
        return self.filter(book__release__isnull=False)

    def in_gradebook_order(self) -> Self:
        """Return the pages that are in the gradebook, in its order."""
        return self.filter(index__isnull=False).order_by("index", "position", "pk")


class QuestionQuerySet(models.QuerySet):
    def in_gradebook_order(self) -> Self:
        """Return the questions that are in the gradebook, by page and by position on the page."""
        return self.filter(page__index__isnull=False).order_by(
            F("page__index"), "page__position", "page", "index", "pk"
        )

    def get_by_natural_key(self, project: str, book: str, page: str, label: str) -> Any:
        """Return the question that has this name or, if none has, the one that had it."""
        own: Any = self.filter(page__book__project=project, page__book__url=book)
        found = own.filter(page__url=page, label=label).first()
        if found is None:
            on_page = Q(page__url=page) | Q(page__former_addresses__url=page)
            had = own.filter(on_page).distinct()
            found = next((one for one in had if label in (one.label, *one.former_labels)), None)
        if found is None:
            raise ObjectDoesNotExist
        return found


class FeedbackQuerySet(models.QuerySet):
    def choices(self) -> Self:
        """Return the choices that are shown on pages.

        A key alone does not make a row a choice: any expected answer may have one.
        """
        return self.filter(question__grader__in=kinds.TAKING_CHOICES, key__isnull=False)

    def get_by_natural_key(
        self, project: str, book: str, page: str, label: str, key: str | None, answer: str
    ) -> Any:
        rows = self.filter(
            question__page__book__project=project,
            question__page__book__url=book,
            question__page__url=page,
            question__label=label,
        )
        # An author may list the same answer twice. As in grading, the first one counts.
        found = rows.filter(key=key) if key else rows.filter(answer=answer)
        first = found.order_by("index", "pk").first()
        if first is None:
            raise ObjectDoesNotExist
        return first
