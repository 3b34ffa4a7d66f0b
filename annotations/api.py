"""The API of notes. It follows the W3C Web Annotation Protocol, except for its containers.

See https://www.w3.org/TR/annotation-protocol/.
"""

import hashlib
import json
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from ninja import Body, Router
from ninja.errors import HttpError

from accounts import access, limits
from accounts.http import signed_in
from accounts.schemas import Invalid, Pk, Problem
from annotations import errors, jsonld, moderation, page_notes, writing
from annotations.limits import MOST, MOST_ACTS, TOO_MANY, site_of, too_many
from annotations.models import Annotation
from books.models import Page

router = Router(tags=["annotations"])
PROBLEMS: dict[type[Exception], int] = {
    errors.Invalid: 400,
    errors.Refused: 403,
    errors.Stale: 409,
    errors.TooLong: 413,
}
READ = {200: dict[str, Any], 304: None, 422: Invalid} | dict.fromkeys((400, 401, 404), Problem)
WRITE = READ | {201: dict[str, Any], 204: None, 412: dict[str, Any]}
WRITE |= dict.fromkeys((403, 409, 413, 428, 429), Problem)
_LD = {"content": {"application/ld+json": {"schema": {"type": "object"}}}}
EXTRA = {"responses": {200: _LD}}
EXTRA_MADE = {"responses": {200: _LD, 201: _LD}}
Given = Body(..., description="A W3C Web Annotation, with Book Binder's own data in `bookbinder`.")


def _json(data: Any, status: int = 200, **headers: str) -> HttpResponse:
    content = json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False)
    response = HttpResponse(content, status=status, content_type=jsonld.MEDIA_TYPE)
    for name, value in headers.items():
        response[name.replace("_", "-")] = value
    return response


def _problem(status: int, detail: object, **more: Any) -> HttpResponse:
    content = json.dumps({"detail": str(detail), **more}, cls=DjangoJSONEncoder)
    return HttpResponse(content, status=status, content_type="application/json")


def _of_error(error: Exception) -> HttpResponse:
    return _problem(PROBLEMS[type(error)], error)


def _shown(request: HttpRequest, uuid: UUID, status: int = 200) -> HttpResponse:
    """Return a response with a note as the user sees it. Raises Http404 if it is not visible."""
    user = signed_in(request)
    row = page_notes.find(user, uuid)
    if row is None:
        raise Http404
    site = site_of(request)
    headers = {"Location": site + jsonld.address(uuid)} if status == 201 else {}
    return _json(jsonld.note(row, user, site), status, ETag=jsonld.etag(row), **headers)


def _too_many(request: HttpRequest, what: str = "note", most: int = MOST) -> HttpResponse | None:
    """Count a request. Return a response with status 429 if the limit is exceeded, else None."""
    if not too_many(request, what, most):
        return None
    response = _problem(429, TOO_MANY)
    response["Retry-After"] = str(limits.seconds_left(limits.MINUTE))
    return response


def _etags(request: HttpRequest, header: str) -> set[str]:
    """Return the ETags in a header, all as strong ones.

    Servers that compress responses turn our ETags into weak ones.
    """
    return {etag.removeprefix("W/") for etag in parse_etags(request.headers.get(header, ""))}


def _seen(request: HttpRequest, note: Annotation) -> str | None:
    """Return the note's version if If-Match has it, "" if it has others, None if it is missing."""
    etags = _etags(request, "If-Match")
    if not etags:
        return "" if "If-Match" in request.headers else None
    return writing.version(note) if etags & {"*", jsonld.etag(note)} else ""


def _page(request: HttpRequest, pk: int) -> Page:
    pages = Page.objects.published().visible_to(request.user)
    return get_object_or_404(pages.with_release(), pk=pk)


@router.get(
    "/pages/{page_id}/annotations", response=READ, url_name="annotations", openapi_extra=EXTRA
)
def page_annotations(
    request: HttpRequest, page_id: Pk, course: Pk | None = None, after: str = ""
) -> Any:
    """The notes on a page that the user may read, as an AnnotationPage.

    If there are many, `next` is the address of those that follow.
    """
    page = _page(request, page_id)
    try:
        data = page_notes.of(page, signed_in(request), course, site_of(request), after)
    except errors.Invalid as error:
        return _of_error(error)
    content = json.dumps(data, cls=DjangoJSONEncoder).encode()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    if etag in _etags(request, "If-None-Match"):
        return HttpResponse(status=304, headers={"ETag": etag})
    return _json(data, ETag=etag)


@router.post("/pages/{page_id}/annotations", response=WRITE, openapi_extra=EXTRA_MADE)
def add_annotation(request: HttpRequest, page_id: Pk, data: dict[str, Any] = Given) -> Any:
    """Create a note on a page, or a reply, whose target is the id of a note.

    A note that is sent twice is saved once: `bookbinder.uuid`, which the sender chooses,
    identifies it.
    """
    page, user = _page(request, page_id), signed_in(request)
    refused = _too_many(request)
    if refused:
        return refused
    try:
        draft, parent_uuid = jsonld.draft(data), jsonld.parent_of(data)
        if draft.motivation != Annotation.Motivation.REPLYING:
            note, made = writing.create(user, page, draft)
        else:
            parents = Annotation.objects.visible_to(user).select_related("root__course", "course")
            parent = get_object_or_404(parents, uuid=parent_uuid, page=page)
            note, made = writing.reply(user, parent, draft)
    except errors.NoteError as error:
        return _of_error(error)
    return _shown(request, note.uuid, 201 if made else 200)


@router.get("/annotations/{uuid}", response=READ, url_name="annotation", openapi_extra=EXTRA)
def annotation(request: HttpRequest, uuid: UUID) -> Any:
    """One note."""
    return _shown(request, uuid)


def _own(request: HttpRequest, uuid: UUID, permission: str) -> Annotation:
    """Return a note that the user may read and use `permission` on.

    Raises Http404 if they may not read it, and HttpError with status 403 if they lack the
    permission.
    """
    user = signed_in(request)
    note = get_object_or_404(Annotation.objects.visible_to(user), uuid=uuid)
    if not access.may(user, permission, note):
        raise HttpError(403, _("You do not have permission to do this."))
    return note


def _changed(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Return a response with status 412 and the note as it is now. Raises Http404 if it is gone."""
    user = signed_in(request)
    row = page_notes.find(user, uuid)
    if row is None:
        raise Http404
    now = jsonld.note(row, user, site_of(request))
    what = _("This note has been changed elsewhere. Both texts are kept: choose one.")
    return _problem(412, what, annotation=now)


@router.put("/annotations/{uuid}", response=WRITE, openapi_extra=EXTRA)
def change_annotation(request: HttpRequest, uuid: UUID, data: dict[str, Any] = Given) -> Any:
    """Change the text, tags or audience of a note. If-Match is required.

    A response with status 412 contains the note as it is now.
    """
    note = _own(request, uuid, "annotations.change_annotation")
    refused = _too_many(request)
    if refused:
        return refused
    seen = _seen(request, note)
    if seen is None:
        return _problem(428, _("Send the note's ETag as If-Match."))
    try:
        writing.edit(note, jsonld.draft(data), seen)
    except errors.Stale:
        return _changed(request, uuid)
    except errors.NoteError as error:
        return _of_error(error)
    return _shown(request, uuid)


@router.delete("/annotations/{uuid}", response=WRITE, openapi_extra=EXTRA)
def delete_annotation(request: HttpRequest, uuid: UUID) -> Any:
    """Delete a note. If-Match is optional, and checked if it is sent."""
    note = _own(request, uuid, "annotations.delete_annotation")
    refused = _too_many(request, "note-act", MOST_ACTS)
    if refused:
        return refused
    try:
        writing.delete(note, _seen(request, note))
    except errors.Stale:
        return _changed(request, uuid)
    return HttpResponse(status=204)


@router.post("/annotations/{uuid}/{act}", response=WRITE, openapi_extra=EXTRA)
def act_on_annotation(request: HttpRequest, uuid: UUID, act: str) -> Any:
    """Resolve, reopen, hide, show, pin, unpin or flag a note, or accept a suggested passage."""
    if act not in moderation.ACTS:
        raise Http404
    chosen = moderation.ACTS[act]
    note = _own(request, uuid, chosen.permission)
    refused = _too_many(request, "note-act", MOST_ACTS)
    if refused:
        return refused
    try:
        chosen.carry_out(note, signed_in(request))
    except errors.NoteError as error:
        return _of_error(error)
    return _shown(request, uuid)
