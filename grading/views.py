from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import limits
from accounts.errors import TooMany
from accounts.http import signed_in
from grading import enrolling, invitations
from grading.models import Course, Invitation

WRONG_CODE = "wrong-join-code"


# Wrong codes an hour. The limit of an IP address is higher: a lecture hall shares one.
MOST_OF_ACCOUNT, MOST_OF_ADDRESS = 20, 600


def _course_of(request: HttpRequest, code: str) -> Course | None:
    """Return the course with a join code, or None. Raises TooMany after too many wrong codes.

    A code is counted before it is looked up, so that tries at the same moment are not more.
    """
    most = MOST_OF_ACCOUNT if request.user.is_authenticated else MOST_OF_ADDRESS
    if limits.count(request, WRONG_CODE) > most:
        raise TooMany(limits.seconds_left(limits.HOUR))
    course = Course.objects.select_related("book").filter(join_code=code).first()
    if course is not None:
        limits.uncount(request, WRONG_CODE)
    return course


@require_safe
def find_course(request: HttpRequest) -> HttpResponseBase:
    """Redirect to the page of the course whose join code was entered."""
    code = request.GET.get("code", "").strip().lower()
    if _course_of(request, code):
        return redirect("join-course", code=code)
    messages.error(request, _("No course has this join code. Check it and try again."))
    return redirect("bookshelf")


@require_http_methods(["GET", "HEAD", "POST"])
def join_course(request: HttpRequest, code: str) -> HttpResponseBase:
    """Show the join page of a course, or join the course. Raises Http404 for an unknown code."""
    course = _course_of(request, code)
    if course is None:
        raise Http404
    return _join(request, course) if request.method == "POST" else _ask(request, course)


def _ask(request: HttpRequest, course: Course) -> HttpResponse:
    enrollment = None
    if request.user.is_authenticated:
        enrollment = enrolling.enrollments_of(signed_in(request), course.enrollments.all()).first()
    context = {
        "course": course,
        "enrollment": enrollment,
        "invitation": Invitation.objects.pending().of(request.user).filter(course=course).first(),
        "reason": enrolling.reason_against(course),
    }
    return render(request, "grading/join_course.html", context)


@login_required
def _join(request: HttpRequest, course: Course) -> HttpResponseBase:
    user = signed_in(request)
    accepted = invitations.accept_all(user)
    if any(
        invitation.course_id == course.pk and invitation.role == Invitation.Role.INSTRUCTOR
        for invitation in accepted
    ):
        messages.success(request, _("You are an instructor of %(course)s.") % {"course": course})
        return redirect("admin:grading_course_change", course.pk)
    try:
        enrolling.join(user, course)
    except enrolling.EnrollError as error:
        messages.error(request, str(error))
        return redirect(course)
    messages.success(request, _("You have joined %(course)s.") % {"course": course})
    return redirect(course.book)
