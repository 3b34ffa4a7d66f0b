from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.http import signed_in
from annotations import audiences, errors, moderation, page_notes, presenting, writing
from annotations.limits import MOST_ACTS, TOO_MANY, too_many
from annotations.models import Annotation
from annotations.plain.forms import NewNoteForm, NoteForm, ReplyForm, initial_of
from books.models import Page
from books.views import at_former_address

pages_only = require_http_methods(["GET", "HEAD", "POST"])


@pages_only
@login_required
def notes_on_page(request: HttpRequest, project: str, docname: str) -> HttpResponseBase:
    """The notes on a page that the person may read, and a form to write one."""
    pages = Page.objects.published().visible_to(request.user).at(project, docname)
    page = pages.with_release().first()
    if page is None:
        return at_former_address(request, project, docname, to="page-notes", end="")
    user = signed_in(request)
    form = NewNoteForm(request.POST or None, user=user, page=page)
    if _sent(request, form, lambda: writing.create(user, page, form.draft())):
        return redirect(_address(page))
    try:
        part = page_notes.part_of(_rows(user).filter(page=page), request.GET.get("after", ""))
    except errors.Invalid:
        raise Http404 from None
    notes = [presenting.prepare_for(row, user) for row in part.rows]
    context = {"page": page, "notes": notes, "last": part.last, "form": form}
    return render(request, "notes/page.html", context)


@pages_only
@login_required
def change_note(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Change one's own note. If it was changed elsewhere, both texts are shown."""
    user = signed_in(request)
    note = _note(request, uuid, "annotations.change_annotation")
    data, shown_first = request.POST or None, initial_of(note, writing.version(note))
    form: ReplyForm
    if note.is_reply:
        form = ReplyForm(data, initial=shown_first)
    else:
        form = NoteForm(data, initial=shown_first, user=user, book=note.book, note=note)
    if _sent(request, form, lambda: writing.edit(note, form.draft(), form.cleaned_data["seen"])):
        return redirect(_location(note))
    return _show_form(request, note, form, _("Change the note"))


@pages_only
@login_required
def reply_to_note(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    user = signed_in(request)
    note = _note(request, uuid, "annotations.view_annotation")
    may_hide = audiences.may_reply_anonymously(note.root or note)
    form = ReplyForm(request.POST or None, may_hide=may_hide)
    if _sent(request, form, lambda: writing.reply(user, note, form.draft())):
        return redirect(_location(note))
    return _show_form(request, note, form, _("Reply"))


@pages_only
@login_required
def delete_note(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    note = _note(request, uuid, "annotations.delete_annotation")
    if request.method == "POST":
        address = reverse("notes") if note.page is None else _address(note.page)
        _do(request, lambda: writing.delete(note), _("Note deleted."))
        return redirect(address)
    return _show_form(request, note, None, _("Delete this note?"))


@require_POST
@login_required
def act_on_note(request: HttpRequest, uuid: UUID, act: str) -> HttpResponseBase:
    """Do one of `moderation.ACTS` with a note."""
    if act not in moderation.ACTS:
        raise Http404
    chosen = moderation.ACTS[act]
    note = _note(request, uuid, chosen.permission)
    _do(request, lambda: chosen.carry_out(note, signed_in(request)), _("Done."))
    return redirect(_location(note))


def _do(request: HttpRequest, work: Callable[[], object], done: str) -> None:
    """Do something with a note, and report the result in a message."""
    if too_many(request, "note-act", MOST_ACTS):
        messages.error(request, TOO_MANY)
        return
    try:
        work()
        messages.success(request, done)
    except errors.NoteError as error:
        messages.error(request, str(error))


def _note(request: HttpRequest, uuid: UUID, permission: str) -> Annotation:
    user = signed_in(request)
    notes = Annotation.objects.visible_to(user).filter(deleted_at=None)
    rows = notes.select_related("page__book", "book", "course", "root", "user")
    note = get_object_or_404(rows, uuid=uuid)
    if not access.may(user, permission, note):
        raise PermissionDenied
    return note


def _sent(request: HttpRequest, form: forms.Form, write: Callable[[], Any]) -> bool:
    """Whether the form was sent and saved; if not, its errors say why."""
    if request.method != "POST" or not form.is_valid():
        return False
    if too_many(request):
        form.add_error(None, TOO_MANY)
        return False
    try:
        write()
    except errors.NoteError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, _("Note saved."))
    return True


def _show_form(request: HttpRequest, note: Any, form: Any, title: str) -> HttpResponse:
    user = signed_in(request)
    now = presenting.prepare_for(get_object_or_404(_rows(user), pk=note.pk), user)
    seen, is_stale = writing.version(now), False
    if form is not None and form.data.get("seen", seen) not in ("", seen):
        # Both texts are shown: sending the form again means choosing one's own text.
        is_stale, form.data = True, form.data.copy()
        form.data["seen"] = seen
    context = {"note": now, "form": form, "title": title, "is_stale": is_stale}
    return render(request, "notes/form.html", context)


def _rows(user: Any) -> Any:
    notes = Annotation.objects.visible_to(user).with_people().with_places()
    return notes.select_related("root").with_rights_of(user)


def _address(page: Page) -> str:
    return reverse("page-notes", args=(page.book.project, page.docname))


def _location(note: Annotation) -> str:
    if note.page is None:
        return reverse("notes")
    return f"{_address(note.page)}#note-{note.uuid}"
