"""How much a request may send, and where it may send files.

This is decided before anything is read: reading a form with files writes them to the disk, and the
check against forged forms reads the form before a view can ask who sends it.
"""

import re
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template import loader
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from bookbinder.site.middleware import Handler
from grading import roster

# Their sizes have limits of their own.
BUILDS = "admin:books_edition_add"
ROSTERS = "admin:grading_invitation_import"
# The views whose forms have a file, and the permission that their users have.
WITH_FILES = {
    BUILDS: "books.add_edition",
    ROSTERS: "grading.add_invitation",
}


class NoFiles(FileUploadHandler):
    """Skips the files of a form that has no field for one."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


def limit_bodies(get_response: Handler) -> Handler:
    """Refuse requests that are too large, and skip files that no form has asked for.

    Must come after AuthenticationMiddleware. Django reads no more of a body than its Content-Length
    says, and nothing without one.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        text = request.META.get("CONTENT_LENGTH") or "0"
        if not re.fullmatch(r"[0-9]{1,15}", text):
            return _too_large(request)
        may_have_files = request.content_type == "multipart/form-data"
        if int(text) <= most(None) and not may_have_files:
            return get_response(request)  # the usual case, of which nothing else is asked
        name = _upload(request)
        if int(text) > most(name):
            return _too_large(request)
        if name is None:
            request.upload_handlers = [NoFiles(request)]
        return get_response(request)

    return middleware


def _upload(request: HttpRequest) -> str | None:
    """Return the name of the view if it takes files and the user may use it, otherwise None."""
    try:
        name = resolve(request.path_info).view_name
    except Resolver404:
        return None
    permission = WITH_FILES.get(name)
    return name if permission and request.user.has_perm(permission) else None


def most(name: str | None) -> int:
    """Return how many bytes may be sent to a view."""
    files = {BUILDS: settings.BOOKBINDER_UPLOAD_LIMIT * 1_000_000, ROSTERS: roster.LARGEST_FILE}
    small: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return small + files.get(name or "", 0)


def _too_large(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return JsonResponse({"detail": _("This is too large to be sent.")}, status=413)
    return HttpResponse(loader.render_to_string("413.html", request=request), status=413)
