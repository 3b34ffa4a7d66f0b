"""The base of both inboxes, which show a note with its replies, and take a reply to it."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import RulesAdmin
from accounts.http import signed_in
from annotations import drafts, errors, presenting, writing
from annotations.models import Annotation
from annotations.rendering import html_of

REPLIES = 200  # shown with a note, at most


class InboxForm(forms.ModelForm):
    """The form of a note in an inbox, with a field for a reply."""

    reply = forms.CharField(
        label=_("Reply"),
        required=False,
        widget=forms.Textarea({"rows": 5, "cols": 80}),
        help_text=_("In Markdown. Everyone who can read the note can read the reply."),
    )

    def clean_reply(self) -> str:
        text: str = self.cleaned_data["reply"].strip()
        if text:
            try:
                drafts.check(_reply(text))
            except errors.NoteError as error:
                raise ValidationError(str(error)) from None
        return text


def _reply(text: str) -> drafts.Draft:
    return drafts.Draft(Annotation.Motivation.REPLYING, text)


class KnownChoicesFilter(admin.ChoicesFieldListFilter):
    """A filter that offers only the values that the rows of an inbox can have."""

    never = ("", "private", "authors", "replying", "editing")

    def choices(self, changelist: Any) -> Iterator[Any]:
        names = {str(name) for value, name in self.field.flatchoices if value in self.never}
        for choice in super().choices(changelist):
            if str(choice["display"]) not in names:
                yield choice


class IsSetFilter(admin.EmptyFieldListFilter):
    """A filter by whether something has been done, for a column that says when it was done."""

    titles = {"resolved_at": _("resolved"), "hidden_at": _("hidden")}

    def __init__(self, field: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(field, *args, **kwargs)
        self.title = self.titles.get(field.name, self.title)

    def choices(self, changelist: Any) -> Iterator[Any]:
        labels = (gettext("All"), gettext("No"), gettext("Yes"))
        for choice, name in zip(super().choices(changelist), labels, strict=True):
            yield choice | {"display": name}


class InboxAdmin(RulesAdmin):
    """The base of both admin classes: notes can be read and replied to, but not edited.

    People write their notes in the reader, and the notes belong to them.
    """

    form = InboxForm
    list_select_related = ("user", "course", "book", "page__book")
    ordering = ("-pk",)
    # The fields that can be changed here; all others belong to the writer.
    written: tuple[str, ...] = ("reply",)

    class Media:
        css = {"all": ("books/admin/admin.css",)}
        js = (forms.Script("books/typeset_page.js", type="module"),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        living = Q(replies__deleted_at=None)
        return super().get_queryset(request).annotate(n_replies=Count("replies", filter=living))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        shown = [name for _title, options in self.fieldsets or () for name in options["fields"]]
        return tuple(str(name) for name in shown if name not in self.written)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        text = form.cleaned_data.get("reply")
        if not text:
            return
        try:
            writing.reply(signed_in(request), Annotation.objects.get(pk=obj.pk), _reply(text))
        except errors.NoteError as error:
            self.message_user(request, str(error), messages.ERROR)

    @admin.display(description=_("student"), ordering="user__last_name")
    def who(self, note: Annotation) -> str:
        return note.user.get_full_name()

    @admin.display(description=_("passage"), ordering="start")
    def passage(self, note: Annotation) -> str:
        return Truncator(presenting.readable(note.quote) or note.fragment).chars(80)

    @admin.display(description=_("text"))
    def short(self, note: Annotation) -> str:
        return Truncator(note.body).chars(80)

    @admin.display(description=_("replies"), ordering="n_replies")
    def replies(self, note: Any) -> int:
        return int(note.n_replies)

    @admin.display(description=_("page"), ordering="page__position")
    def in_the_text(self, note: Annotation) -> SafeString | str:
        if note.page is None:
            return gettext("a page that is gone")
        address = f"{note.page.get_absolute_url()}#note-{note.uuid}"
        return format_html('<a href="{}">{}</a>', address, note.page.title)

    @admin.display(description=_("passage"))
    def whole_passage(self, note: Annotation) -> str:
        is_changed = note.state == Annotation.State.CHANGED
        shown = {
            "passage": presenting.readable(note.quote) or note.fragment or "-",
            "changes": presenting.changes(note.orig_quote, note.quote) if is_changed else (),
        }
        return render_to_string("notes/_passage.html", {"note": shown})

    @admin.display(description=_("text"))
    def text(self, note: Annotation) -> SafeString | str:
        return mark_safe(html_of(note)) if note.body else "-"  # nosec

    @admin.display(description=_("written"), ordering="pk")
    def written_on(self, note: Annotation) -> str:
        return date_format(timezone.localtime(note.created_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("tags"))
    def tagged(self, note: Annotation) -> str:
        return ", ".join(note.tags) or "-"

    @admin.display(description=_("replies"))
    def thread(self, note: Annotation) -> str:
        living = note.replies.filter(deleted_at=None)
        newest = living.select_related("user").order_by("-pk")[:REPLIES]
        rendered = [(reply, html_of(reply)) for reply in reversed(newest)]
        earlier = max(living.count() - REPLIES, 0)
        context = {"replies": rendered, "earlier": earlier}
        return render_to_string("admin/annotations/_thread.html", context)
