"""The root of the API, and the state call, which combines several apps."""

import functools
from typing import Any

from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils import timezone
from ninja import NinjaAPI, Schema
from ninja.security import django_auth

from accounts import schemas
from accounts.http import signed_in
from accounts.models import User
from annotations import api as annotations_api
from annotations import audiences, page_notes
from annotations.limits import site_of
from bookbinder.site import api_previews, reader_texts
from books.models import Book, Page
from books.releases import folders
from grading import api as grading_api
from grading import enrolling, page_questions, progress, scores, trials
from grading.models import Course, Enrollment
from grading.page_questions import QuestionState


class SiteAPI(NinjaAPI):
    """An API whose OpenAPI document is made once: it takes 30 ms of CPU."""

    @functools.cache  # noqa: B019 - there is one API
    def _document(self, root: str) -> Any:
        return super().get_openapi_schema(path_prefix=root)

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> Any:
        return self._document(path_prefix or self.get_root_path(path_params or {}))


api = SiteAPI(title="Book Binder", version="1", auth=django_auth, docs_url="/docs")
api.add_router("", grading_api.router)
api.add_router("", annotations_api.router)
api.add_router("", api_previews.router)


class CourseOut(Schema):
    pk: int
    name: str
    keeps_best: bool
    is_open: bool
    dates: str


class QuestionOut(Schema):
    pk: int
    label: str
    former_labels: list[str]
    grader: str
    version: str
    enabled: bool
    can_try: bool
    points_possible: float
    answer: str | None
    points: float | None
    counts: bool
    reasons: list[str]
    feedback: str | None
    attempts: int
    attempts_left: int | None


class LinkOut(Schema):
    title: str
    url: str


class NoteRights(Schema):
    audiences: list[str]
    anonymous: bool
    widths: dict[str, int]


class BarOut(Schema):
    """What the bar shows on each page of a book, and the texts of the scripts."""

    book: str
    book_url: str
    user: str | None
    user_pk: int | None
    course: CourseOut | None
    courses: list[CourseOut]
    is_test: bool
    progress: grading_api.ProgressOut | None
    resume: LinkOut | None
    texts: dict[str, str]


class StateOut(BarOut):
    page: int
    on_page: grading_api.ProgressOut | None
    next: LinkOut | None
    questions: list[QuestionOut]
    notes: list[Any]
    notes_next: str | None
    note_rights: NoteRights


STATUSES = {200: StateOut, 404: schemas.Problem, 422: schemas.Invalid}


@api.get("/state/{project}/{path:docname}", response=STATUSES, auth=None)
def page_state(
    request: HttpRequest, project: str, docname: str, course: schemas.Pk | None = None
) -> dict[str, Any]:
    """The state of a page for its reader: enrollment, progress, questions and notes.

    Sets the CSRF cookie that answers need.
    """
    pages = Page.objects.published().visible_to(request.user).at(project, docname)
    page: Any = trials.with_tries(pages).select_related("book").first()
    if page is None:
        raise Http404
    get_token(request)  # sets the cookie
    enrollment: Enrollment | None = None
    courses: list[Course] = []
    notes: dict[str, Any] = {"items": []}
    if request.user.is_authenticated:
        enrollment, courses = _enrollments(request, page, course)
        course_id = enrollment.course_id if enrollment else None
        notes = page_notes.of(page, signed_in(request), course_id, site_of(request))
    takes_tries = enrollment is None and page.takes_tries
    states = page_questions.of(page, enrollment)
    return {
        **_bar(request, page.book, enrollment, courses, page),
        "page": page.pk,
        "on_page": enrollment
        and grading_api.progress_of(page_questions.totals_of(states, enrollment.course)),
        "next": enrollment and progress.next_question(enrollment, page.book),
        "questions": [_question(state, takes_tries) for state in states],
        "notes": notes["items"],
        "notes_next": notes.get("next"),
        "note_rights": audiences.rights(enrollment),
    }


BAR_STATUSES = {200: BarOut, 404: schemas.Problem, 422: schemas.Invalid}


@api.get("/bar/{project}", response=BAR_STATUSES, auth=None)
def bar(request: HttpRequest, project: str, course: schemas.Pk | None = None) -> dict[str, Any]:
    """The part of a page's state that search results and indexes have too: the bar.

    Of a project with several books, it has no course, and leads to the list of the books.
    """
    books = list(Book.objects.filter(project=project, release__isnull=False)[:2])
    if not books:
        raise Http404
    if len(books) > 1:
        shelf = {"book": project, "book_url": reverse("project", args=(project,))}
        return _bar(request, books[0], None, []) | shelf
    [book] = books
    enrollment: Enrollment | None = None
    courses: list[Course] = []
    if request.user.is_authenticated:
        rows = progress.with_progress(Enrollment.objects.select_related("last_page"))
        enrollment, own = _chosen(signed_in(request), book.pk, course, rows)
        courses = [enrollment.course for enrollment in own]
    return _bar(request, book, enrollment, courses)


def _bar(
    request: HttpRequest,
    book: Book,
    enrollment: Enrollment | None,
    courses: list[Course],
    page: Page | None = None,
) -> dict[str, Any]:
    return {
        "book": book.title,
        "book_url": book.get_absolute_url(),
        "user": request.user.get_full_name() if request.user.is_authenticated else None,
        "user_pk": request.user.pk,
        "course": enrollment and enrollment.course,
        "courses": courses,
        "is_test": bool(enrollment and enrollment.is_test),
        "progress": enrollment
        and grading_api.progress_of(scores.totals_of(enrollment, timezone.now())),
        "resume": enrollment and progress.resume(enrollment, page),
        "texts": reader_texts.texts(),
    }


def _enrollments(
    request: HttpRequest, page: Page, course: int | None
) -> tuple[Enrollment | None, list[Course]]:
    """Return the enrollment in which the page is read, or None, and the courses to choose from.

    The page becomes the bookmark of the enrollment.
    """
    user = signed_in(request)
    wanted = progress.with_progress(Enrollment.objects.select_related("last_page"), after=page)
    wanted = audiences.with_rights(wanted)
    enrollment, enrollments = _chosen(user, page.book_id, course, wanted)
    enrollment = enrollment or enrolling.enrollment_as_test_student(
        user, page.book_id, course, wanted
    )
    if enrollment:
        # A GET writes here, since otherwise each page would need a second request for the bookmark.
        # A forged link can do no more harm than to move the bookmark.
        progress.visit(enrollment, page, enrollments)
    return enrollment, [own.course for own in enrollments]


def _chosen(
    user: User, book_id: int, course: int | None, rows: Any
) -> tuple[Enrollment | None, list[Enrollment]]:
    """Return the person's enrollment in `course`, or the last used one, and all on the book."""
    own = list(enrolling.enrollments_in(user, book_id, rows))
    fitting = (one for one in own if course in (None, one.course_id))
    return next(fitting, None), own


def _question(state: QuestionState, takes_tries: bool) -> dict[str, Any]:
    question = state.question
    return {
        "pk": question.pk,
        "label": question.label,
        "former_labels": question.former_labels,
        "grader": question.grader,
        "version": question.version,
        "enabled": state.enabled,
        "can_try": takes_tries and trials.is_marked(question),
        "points_possible": question.points_possible,
        "answer": state.string,
        "points": state.points,
        "counts": state.counts,
        "reasons": list(state.reasons),
        "feedback": state.feedback,
        "attempts": state.attempts,
        "attempts_left": state.attempts_left,
    }


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return api.create_response(request, {"detail": "Not found."}, status=404)


def nothing(request: HttpRequest) -> HttpResponse:
    """Return a response with status 404 in JSON, for API paths that no route matches."""
    return JsonResponse({"detail": "Not found."}, status=404)


def healthz(request: HttpRequest) -> JsonResponse:
    """Whether the process responds. The database is not used."""
    return JsonResponse({"status": "up"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Whether the database responds and all current releases have files; else status 503."""
    try:
        connection.ensure_connection()
        releases = Book.objects.filter(release__isnull=False).values_list(
            "project", "release__folder"
        )
        missing = [
            project
            for project, folder in releases.distinct()
            if not folders.html_folder(project, folder).is_dir()
        ]
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=503)
    if missing:
        return JsonResponse({"status": "files missing", "projects": missing}, status=503)
    return JsonResponse({"status": "ready"})
