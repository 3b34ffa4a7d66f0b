"""Who may do what with books: the rules that need no course."""

from django.db.models import Q

from accounts import access
from accounts.models import User
from books.models import Author, Book, Edition, Feedback, Page, Question


def is_author(path: str) -> access.Rule:
    """Rows whose book, reached by `path`, the user is an author of."""
    return lambda user: Q(**{f"{path}__in": Author.objects.filter(user=user).values("book")})


def has_type_author(user: User) -> Q:
    return access.EVERYTHING if user.type == User.Type.AUTHOR else access.NOTHING


def authors_themselves(user: User) -> Q:
    written = Q(pk__in=Author.objects.filter(user=user).values("user"))
    return Q(pk=user.pk) & (Q(type=User.Type.AUTHOR) | written)


def fill() -> None:
    access.allow_all("books.view_page", Page, Q(access=Page.Access.PUBLIC))
    access.allow("books.view_page", Page, has_type_author, is_author("book"))
    access.allow("books.view_book", Book, is_author("pk"))
    access.allow("books.change_book", Book, is_author("pk"))
    access.allow("books.change_page", Page, is_author("book"))
    access.allow("books.view_question", Question, is_author("page__book"))
    access.allow("books.change_question", Question, is_author("page__book"))
    for act in ("view", "change", "delete"):
        access.allow(f"books.{act}_feedback", Feedback, is_author("question__page__book"))
    # As a student: in reply to an answer of theirs.
    access.allow("books.see_feedback", Feedback, is_author("question__page__book"))
    access.allow("books.add_feedback", Question, is_author("page__book"))
    access.allow("books.view_author", Author, is_author("book"))
    # What they have begun; what may be done with it is said of its project, in `sync.editions`.
    access.allow("books.view_edition", Edition, lambda user: Q(created_by=user))
    access.allow("books.add_edition", User, authors_themselves)
    access.allow("accounts.enter_admin", User, authors_themselves)


def was_shown(user: access.Person, project: str, path: str) -> bool:
    """Whether `user` may have a file of feedback: its book's authors, and who was shown it."""
    shows = Feedback.objects.filter(question__page__book__project=project, feedback__contains=path)
    return shows.filter(access.rows(user, "books.see_feedback")).exists()
