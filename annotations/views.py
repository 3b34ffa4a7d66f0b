from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import signed_in
from accounts.views import stop, switch
from annotations import mail, my_notes, page_texts, presenting
from annotations.limits import site_of
from annotations.models import Annotation
from books.models import Book, Page

A_PAGE = 100  # notes


def _wanted(request: HttpRequest) -> my_notes.Wanted:
    given = {name: request.GET.get(name, "")[:200] for name in my_notes.Wanted.__dataclass_fields__}
    return my_notes.Wanted(**given)


@require_safe
@login_required
def notes(request: HttpRequest) -> HttpResponse:
    """The person's own notes in all their books, filtered by the query string."""
    user, wanted = signed_in(request), _wanted(request)
    found = my_notes.find(user, wanted)
    is_all = request.GET.get("show") == "all"
    pages = Paginator(found, found.count() or 1 if is_all else A_PAGE)
    context = {
        "wanted": wanted,
        "asked": urlencode({name: value for name, value in vars(wanted).items() if value}),
        "notes": pages.get_page(request.GET.get("page")),
        "is_all": is_all,
        "books": Book.objects.filter(annotations__user=user).distinct().order_by("title"),
        "tags": my_notes.tags_of(user),
        "audiences": Annotation.Audience.choices,
        "states": Annotation.State.choices,
        "formats": list(my_notes.FORMATS),
    }
    for row in context["notes"]:  # type: ignore[attr-defined]
        presenting.prepare(row)
    return render(request, "notes/notes.html", context)


@require_safe
@login_required
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """The notes that `notes` lists, on all its pages, as a file."""
    if kind not in my_notes.FORMATS:
        raise Http404
    content_type, write = my_notes.FORMATS[kind]
    user = signed_in(request)
    data = write(my_notes.find(user, _wanted(request)), user, site_of(request))
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="notes.{kind}"'
    return response


@require_safe
@login_required
def as_it_was(request: HttpRequest, uuid: Any) -> HttpResponse:
    """The text of a page as it was when a note was made on it.

    It is shown to people who may read that page, or the members' pages of the book.
    """
    user = signed_in(request)
    notes = Annotation.objects.visible_to(user).select_related("orig_revision", "page", "book")
    note = get_object_or_404(notes, uuid=uuid, orig_revision__isnull=False)
    revision = note.orig_revision
    assert revision is not None
    readable = Page.objects.published().visible_to(user).filter(book=note.book_id)
    # The text is that of the page on which the note was made. It may be on another page now.
    if not readable.filter(Q(pk=revision.page_id or 0) | Q(access="")).exists():
        raise Http404
    text = page_texts.unpack(revision.text)
    start, end = note.orig_start or 0, note.orig_end or 0
    parts = {"before": text[:start], "passage": text[start:end], "after": text[end:]}
    texts = {name: presenting.readable(part) for name, part in parts.items()}
    return render(request, "notes/as_it_was.html", {"note": note, "revision": revision} | texts)


@require_POST
@login_required
def reply_letters(request: HttpRequest) -> HttpResponseBase:
    """Turn the e-mails about replies on or off."""
    return switch(request, mail.LETTERS, "notes")


@csrf_exempt  # mail programs send the POST; the signed token authorizes it
@require_http_methods(["GET", "HEAD", "POST"])
def stop_letters(request: HttpRequest, token: str) -> HttpResponse:
    """Turn off the e-mails about replies through a link in one of them, without signing in."""
    return stop(request, mail.LETTERS, token, "notes/stop_letters.html")
