"""The rules for who may do what with books, except those that depend on a course."""

from django.db.models import Q

from accounts import access
from accounts.models import User
from books.models import Author, Book, Edition, Feedback, Page, Question


def is_author(path: str) -> access.Rule:
    """Return the rule for the rows whose book, reached by `path`, the user is an author of."""
    return lambda user: Q(**{f"{path}__in": Author.objects.filter(user=user).values("book")})


def has_type_author(user: User) -> Q:
    """Return all rows if the type of `user` is author, otherwise none."""
    return access.EVERYTHING if user.type == User.Type.AUTHOR else access.NOTHING


def authors_themselves(user: User) -> Q:
    """Return the row of `user` if their type is author, or if they are an author of a book."""
    written = Q(pk__in=Author.objects.filter(user=user).values("user"))
    return Q(pk=user.pk) & (Q(type=User.Type.AUTHOR) | written)


def fill() -> None:
    """Add the rules of this app to the table in `accounts.access`."""
    access.allow_all("books.view_page", Page, Q(access=Page.Access.PUBLIC))
    access.allow("books.view_page", Page, has_type_author, is_author("book"))
    access.allow("books.view_book", Book, is_author("pk"))
    access.allow("books.change_book", Book, is_author("pk"))
    access.allow("books.change_page", Page, is_author("book"))
    access.allow("books.view_question", Question, is_author("page__book"))
    access.allow("books.change_question", Question, is_author("page__book"))
    for act in ("view", "change", "delete"):
        access.allow(f"books.{act}_feedback", Feedback, is_author("question__page__book"))
    # To see it as a reply. `grading.access` lets students see the replies to their answers.
    access.allow("books.see_feedback", Feedback, is_author("question__page__book"))
    access.allow("books.add_feedback", Question, is_author("page__book"))
    access.allow("books.view_author", Author, is_author("book"))
    # Those that they started. What they may do with one depends on its project: see
    # `editions.rights`.
    access.allow("books.view_edition", Edition, lambda user: Q(created_by=user))
    access.allow("books.add_edition", User, authors_themselves)
    access.allow("accounts.enter_admin", User, authors_themselves)


def was_shown(user: access.Person, project: str, path: str) -> bool:
    """Return whether `user` may open the file at `path`, which belongs to a reply.

    Authors of the book may, and people to whom the reply was shown.
    """
    shows = Feedback.objects.filter(question__page__book__project=project, feedback__contains=path)
    return shows.filter(access.rows(user, "books.see_feedback")).exists()
