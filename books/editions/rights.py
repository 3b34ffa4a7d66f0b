"""Who may bring an edition of a project in through the admin, and how far."""

from pathlib import Path

from django.conf import settings

from accounts.models import User
from books.models import Author, Book, Release


def sources(by: User) -> list[Path]:
    """Return the operator's source folders that `by` may have built.

    What a build says is its author's alone. Whose a folder is, is known once it was published;
    before that it is an admin's to build.
    """
    return [path for path in map(Path.resolve, settings.BOOKBINDER_SOURCES) if _may_build(by, path)]


def _may_build(by: User, source: Path) -> bool:
    last = Release.objects.filter(source=str(source)).order_by("-pk").first()
    return by.is_superuser or (last is not None and may_plan(by, last.project))


def may_plan(user: User, project: str) -> bool:
    """Whether `user` may bring editions of a project as far as a plan.

    The authors of all its books; of a project that is not here yet, authors by type.
    """
    if user.is_superuser:
        return True
    books = set(Book.objects.filter(project=project).values_list("pk", flat=True))
    if not books:
        return user.type == User.Type.AUTHOR
    written = Author.objects.filter(user=user, book__in=books)
    return books == set(written.values_list("book", flat=True))


def may_publish(user: User, project: str) -> bool:
    """Whether `user` may bring editions live: a build is code in the site's own pages."""
    trusts_authors = settings.BOOKBINDER_AUTHORS_PUBLISH
    return user.is_superuser or (trusts_authors and may_plan(user, project))
