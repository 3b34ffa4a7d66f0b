"""The API's root, and the state call, which shows several apps at once."""

from typing import Any

from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from ninja import NinjaAPI, Schema
from ninja.security import django_auth

from accounts.http import signed_in
from annotations import api as annotations_api
from annotations import state as annotations_state
from bookbinder import api_previews
from books.models import Book, Page
from books.sync import publish
from grading import api as grading_api
from grading import enrolling
from grading import state as grading_state
from grading.models import Course, Enrollment

api = NinjaAPI(title="Book Binder", version="1", auth=django_auth, docs_url="/docs")
api.add_router("", grading_api.router)
api.add_router("", annotations_api.router)
api.add_router("", api_previews.router)


class CourseOut(Schema):
    pk: int
    name: str


class QuestionOut(Schema):
    pk: int
    label: str
    grader: str
    enabled: bool
    points_possible: float
    answer: str | None
    points: float | None
    feedback: str | None
    attempts_left: int | None


class StateOut(Schema):
    page: int
    book: str
    book_url: str
    user: str | None
    course: CourseOut | None
    courses: list[CourseOut]
    is_test: bool
    questions: list[QuestionOut]
    notes: list[Any]


STATUSES = {200: StateOut, 404: grading_api.Problem, 422: grading_api.Invalid}


@api.get("/state/{project}/{path:docname}", response=STATUSES, auth=None)
def page_state(
    request: HttpRequest, project: str, docname: str, course: grading_api.Pk | None = None
) -> dict[str, Any]:
    """What a reader has on a page. Sets the CSRF cookie that answers need."""
    pages = Page.objects.published().visible_to(request.user).at(project, docname)
    page = pages.select_related("book").first()
    if page is None:
        raise Http404
    get_token(request)  # sets the cookie
    place: Enrollment | None = None
    courses: list[Course] = []
    if request.user.is_authenticated:
        place, courses = _places(request, page, course)
    return {
        "page": page.pk,
        "book": page.book.title,
        "book_url": page.book.get_absolute_url(),
        "user": request.user.get_full_name() if request.user.is_authenticated else None,
        "course": place and place.course,
        "courses": courses,
        "is_test": bool(place and place.is_test),
        "questions": [_question(one) for one in grading_state.of(page, place)],
        "notes": _notes(request, page, place),
    }


def _notes(request: HttpRequest, page: Page, place: Enrollment | None) -> list[dict[str, Any]]:
    if not request.user.is_authenticated:
        return []
    site = request.build_absolute_uri("/").rstrip("/")
    return annotations_state.of(page, signed_in(request), place.course_id if place else None, site)


def _places(
    request: HttpRequest, page: Page, course: int | None
) -> tuple[Enrollment | None, list[Course]]:
    """Return the place that counts and all courses to choose from."""
    user = signed_in(request)
    places = list(enrolling.places_on(user, page.book_id))
    chosen = [place for place in places if course in (None, place.course_id)]
    place = chosen[0] if chosen else enrolling.place_for(user, page.book_id, course)
    if place and course is not None:
        enrolling.use(place)
    return place, [one.course for one in places]


def _question(one: grading_state.QuestionState) -> dict[str, Any]:
    question = one.question
    return {
        "pk": question.pk,
        "label": question.label,
        "grader": question.grader,
        "enabled": one.enabled,
        "points_possible": question.points_possible,
        "answer": one.string,
        "points": one.points,
        "feedback": one.feedback,
        "attempts_left": one.attempts_left,
    }


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return api.create_response(request, {"detail": "Not found."}, status=404)


def nothing(request: HttpRequest) -> HttpResponse:
    """Answer programs as programs, also at addresses that no route matches."""
    return JsonResponse({"detail": "Not found."}, status=404)


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "up"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Whether the database answers and each current release lies where it should."""
    try:
        connection.ensure_connection()
        releases = Book.objects.filter(release__isnull=False).values_list(
            "project", "release__folder"
        )
        missing = [
            project
            for project, folder in releases.distinct()
            if not publish.html_folder(project, folder).is_dir()
        ]
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=503)
    if missing:
        return JsonResponse({"status": "files missing", "projects": missing}, status=503)
    return JsonResponse({"status": "ready"})
