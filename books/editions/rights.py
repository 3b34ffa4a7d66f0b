"""Who may plan, and who may publish, an edition of a project in the admin."""

from pathlib import Path

from django.conf import settings

from accounts.models import User
from books.models import Author, Book, Release


def sources(by: User) -> list[Path]:
    """Return the operator's source folders that `by` may have built.

    The output of a build is only for authors of its project. The project of a folder is known once
    it has been published; before that, only admins may build it.
    """
    folders = []
    for path in map(Path.resolve, settings.BOOKBINDER_SOURCES):
        last = Release.objects.filter(source=str(path)).order_by("-pk").only("project").first()
        if by.is_superuser or (last is not None and may_plan(by, last.project)):
            folders.append(path)
    return folders


def may_plan(user: User, project: str) -> bool:
    """Return whether `user` may plan editions of a project.

    Admins may, and the authors of all its books. If it has no books here yet, every user whose type
    is author may.
    """
    if user.is_superuser:
        return True
    books = set(Book.objects.filter(project=project).values_list("pk", flat=True))
    if not books:
        return user.type == User.Type.AUTHOR
    written = Author.objects.filter(user=user, book__in=books)
    return books == set(written.values_list("book", flat=True))


def may_publish(user: User, project: str) -> bool:
    """Return whether `user` may publish editions: a build can run scripts in the site's pages."""
    trusts_authors = settings.BOOKBINDER_AUTHORS_PUBLISH
    return user.is_superuser or (trusts_authors and may_plan(user, project))
