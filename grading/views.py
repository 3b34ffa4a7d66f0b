from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import signed_in
from grading import enrolling
from grading.models import Course


@require_safe
def find_course(request: HttpRequest) -> HttpResponseBase:
    """To the page of the course whose join code was typed."""
    code = request.GET.get("code", "").strip().lower()
    if Course.objects.filter(join_code=code).exists():
        return redirect("join-course", code=code)
    messages.error(request, _("No course has this join code. Look at it once more."))
    return redirect("bookshelf")


@require_http_methods(["GET", "HEAD", "POST"])
def join_course(request: HttpRequest, code: str) -> HttpResponseBase:
    course = get_object_or_404(Course.objects.select_related("book"), join_code=code)
    return _join(request, course) if request.method == "POST" else _ask(request, course)


def _ask(request: HttpRequest, course: Course) -> HttpResponse:
    place = None
    if request.user.is_authenticated:
        place = enrolling.places_of(signed_in(request), course.enrollments.all()).first()
    context = {"course": course, "place": place, "reason": enrolling.reason_against(course)}
    return render(request, "grading/join_course.html", context)


@login_required
def _join(request: HttpRequest, course: Course) -> HttpResponseBase:
    try:
        enrolling.join(signed_in(request), course)
    except enrolling.EnrollError as error:
        messages.error(request, str(error))
        return redirect(course)
    messages.success(request, _("You have joined %(course)s.") % {"course": course})
    return redirect(course.book)
