"""Pages that combine several apps: the bookshelf, a book, and answering without JavaScript."""

import uuid
from collections import Counter
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import signed_in
from billing import money
from books import contents
from books.models import Book, Feedback, Page
from books.views import at_former_address
from grading import answering, enrolling, graders, page_questions, progress, scores
from grading.errors import GradingError
from grading.models import Course, Enrollment, Invitation


@require_safe
def bookshelf(request: HttpRequest) -> HttpResponse:
    """All published books that take courses, with the user's enrollments and invitations."""
    books = Book.objects.on_the_shelf().order_by("title")
    invited = Invitation.objects.pending().of(request.user).select_related("course__book")
    context = {"books": books, "enrollments": _resumed(_enrollments(request)), "invited": invited}
    return render(request, "books/bookshelf.html", context)


def _enrollments(request: HttpRequest) -> Any:
    if not request.user.is_authenticated:
        return Enrollment.objects.none()
    enrollments = enrolling.enrollments_of(signed_in(request))
    return enrollments.select_related("course__book", "last_page").order_by("course__name")


def _resumed(enrollments: Any) -> list[tuple[Enrollment, progress.Link | None]]:
    """Pair enrollments with links to the pages where the student stopped reading, or None."""
    courses = Counter(enrollment.course.book_id for enrollment in enrollments)
    pairs = []
    for enrollment in enrollments:
        link = progress.resume(enrollment)
        if link and courses[enrollment.course.book_id] > 1:
            # Another course of the book may have been used since.
            link = replace(link, url=f"{link.url}?course={enrollment.course_id}")
        pairs.append((enrollment, link))
    return pairs


@require_safe
def project(request: HttpRequest, project: str) -> HttpResponseBase:
    """The page of the only book of a project, or the list of its books if it has several."""
    books = list(Book.objects.filter(project=project, release__isnull=False).order_by("title"))
    if not books:
        raise Http404
    if len(books) == 1:
        return _book_page(request, books[0])
    free = [book for book in books if book.url == ""]
    pages = Page.objects.filter(book__in=free).visible_to(request.user).select_related("book")
    shown = [book for book in books if book.takes_courses]
    return render(
        request, "books/project.html", {"project": project, "books": shown, "pages": pages}
    )


@require_safe
def book(request: HttpRequest, project: str, folder: str) -> HttpResponse:
    """The page of a book: its pages, its courses, and the user's enrollments."""
    books = Book.objects.on_the_shelf()
    return _book_page(request, get_object_or_404(books, project=project, url=folder))


def _book_page(request: HttpRequest, book: Book) -> HttpResponse:
    courses = Course.objects.open().filter(book=book).select_related("book").order_by("name")
    enrollments = progress.with_progress(_enrollments(request).filter(course__book=book))
    used = max(
        enrollments, key=lambda enrollment: (enrollment.used_at, enrollment.pk), default=None
    )
    done = progress.by_page(used) if used else {}
    context = {
        "book": book,
        "is_student": used is not None,
        "parts": contents.of(book, request.user, done, used.last_page_id if used else None),
        "courses": [(course, _price(course)) for course in courses],
        "enrollments": [
            (*pair, scores.totals_of(pair[0], timezone.now())) for pair in _resumed(enrollments)
        ],
    }
    return render(request, "books/book.html", context)


def _price(course: Course) -> str | None:
    """Return the price of a course as a text with the currency, or None if it is free."""
    if course.is_free:
        return None
    return money.in_words(course.amount, settings.BOOKBINDER_CURRENCY)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def answer(request: HttpRequest, project: str, docname: str) -> HttpResponseBase:
    """The questions of a page without JavaScript. GET shows them, POST submits an answer."""
    pages = Page.objects.published().visible_to(request.user).at(project, docname)
    page = pages.select_related("book").first()
    if page is None:
        return at_former_address(request, project, docname, to="answer", end="")
    if enrolling.enrollment_for(signed_in(request), page.book_id) is None:
        messages.info(request, _("Join a course of this book to answer."))
        return redirect(f"{page.book.get_absolute_url()}#courses")
    return _take(request, page) if request.method == "POST" else _show(request, page)


def _show(request: HttpRequest, page: Page) -> HttpResponse:
    user = signed_in(request)
    enrollment = enrolling.enrollment_for(user, page.book_id)
    states = page_questions.of(page, enrollment)
    label = request.GET.get("label")
    asked = [state for state in states if label in (None, state.question.label)]
    if not asked:
        raise Http404
    choices: dict[int, list[Feedback]] = {state.question.pk: [] for state in asked}
    for choice in Feedback.objects.choices().filter(question__in=choices):
        choices[choice.question_id].append(choice)
    given = request.GET.getlist("answer")
    context = {
        "page": page,
        "enrollment": enrollment,
        "given": given,
        "questions": [_shown(state, choices[state.question.pk]) for state in asked],
        "is_one": label is not None,
        "client_key": uuid.uuid4(),
    }
    return render(request, "books/answer.html", context)


def _shown(state: page_questions.QuestionState, choices: list[Feedback]) -> tuple[Any, ...]:
    """Return what the template needs for a question.

    These are its state, its choices, the previous answer as values and in words, and the template
    of its field.
    """
    grader = graders.of(state.question)
    if state.string is None:
        return state, choices, [], "", grader.template
    taken = grader.values(state.string, state.question)
    words = grader.in_words(state.string, state.question, choices)
    return state, choices, taken, words, grader.template


def _take(request: HttpRequest, page: Page) -> HttpResponseBase:
    label = request.POST.get("label")
    questions = {question.label: question for question in page.questions.select_related("page")}
    if label not in questions:
        raise Http404
    question = questions[label]
    given: Any = request.POST.getlist("answer")
    if not question.is_multiple:
        given = given[0] if given else ""
    try:
        key = uuid.UUID(request.POST.get("client_key", ""))
        answering.answer(signed_in(request), question, given, key)
    except ValueError:
        messages.error(request, _("The form was not complete. Send it again."))
    except GradingError as error:
        messages.error(request, str(error))
    target = reverse("answer", args=(page.book.project, page.docname))
    return redirect(f"{target}?label={question.label}#{question.label}")
