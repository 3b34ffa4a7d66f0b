"""Questions and their feedback in the admin."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import RelatedFilter, RulesInline
from accounts.http import signed_in
from bookbinder.sphinx import markdown
from books.admin.conflicts import ConflictsAdmin, ConflictsFilter
from books.admin.links import count_of
from books.editing import conflicts, replies
from books.models import Feedback, Question
from books.sources.directive import tidy_answer

REPLY_LIMIT = 100_000  # characters of a reply that are rendered for its preview


class PointsFormField(forms.DecimalField):
    def to_python(self, value: Any) -> Any:
        """Refuse NaN here: Django compares the value, which a signaling NaN does not allow."""
        if isinstance(value, str) and "nan" in value.lower():
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class ReplyField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        """Normalize the newlines of browsers, so that a reply that is not edited is unchanged."""
        return super().to_python(value.replace("\r\n", "\n") if value else value)


class FeedbackForm(forms.ModelForm):
    """Edits an expected answer, its points and, in Markdown, the reply to it.

    A reply that is not changed keeps its text and its markup.
    """

    points = PointsFormField(
        label=_("Points"), min_value=0, max_digits=8, decimal_places=2, initial=0
    )

    text = ReplyField(
        label=_("Reply"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 48, "class": "bookbinder-reply"}),
    )

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Feedback
        fields = ("answer", "points", "text")
        widgets = {"answer": forms.Textarea(attrs={"rows": 2, "cols": 24})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # Django's tabular inlines label the columns, but not the fields in them.
            field.widget.attrs.setdefault("aria-label", str(field.label or ""))
        if self.instance.pk:
            self.said = self.instance.text
            self.initial["seen"] = replies.mark_of(self.instance)
            self.initial["text"] = replies.text_to_edit(self.instance).strip()

    def clean_seen(self) -> str:
        """Raise ValidationError if the feedback was changed after the form was opened."""
        seen: str = self.cleaned_data["seen"]
        if seen and seen != self.initial.get("seen", seen):
            raise forms.ValidationError(
                _("This has been changed meanwhile: reload the page, then edit it again.")
            )
        return seen

    def clean_answer(self) -> str:
        answer = tidy_answer(self.cleaned_data["answer"])
        if self.instance.question_id:
            replies.check_answer(self.instance.question, answer)
        return answer

    def clean_points(self) -> Decimal:
        """Refuse new points above those of the question, as the build does."""
        points: Decimal = self.cleaned_data["points"]
        question = self.instance.question if self.instance.question_id else None
        if question and "points" in self.changed_data and points > question.points_possible:
            what = _("The question is worth %(points)s: no answer can be worth more.")
            raise forms.ValidationError(what % {"points": question.points_possible})
        return points

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if self.instance.question_id and "text" in self.changed_data:
            replies.check_links(self.instance.question, text)
        return text

    def save(self, commit: bool = True) -> Any:
        if "text" in self.changed_data:
            replies.set_reply(self.instance, self.cleaned_data["text"])
        elif self.instance.pk:
            self.instance.text = self.said
        if self.instance.pk is None:
            replies.put_last(self.instance)
        conflicts.decide(self.instance, self.changed_data)
        return super().save(commit)


class FeedbackFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        """Refuse to delete feedback from the book's source: the next sync would restore it."""
        super().clean()
        for form in self.deleted_forms:
            if form.instance.origin == Feedback.Origin.SOURCE:
                what = _("“%(answer)s” comes from the book's source: remove it there.")
                raise forms.ValidationError(what % {"answer": form.instance})


class FeedbackInline(RulesInline):
    model = Feedback
    form = FeedbackForm
    formset = FeedbackFormSet
    fields = ("answer", "points", "text", "seen", "shown", "where_from")
    readonly_fields = ("shown", "where_from")
    verbose_name_plural = _("Feedback: replies are written in Markdown")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # The text of a choice is part of the page, where an edit here would not change it.
        is_choice = obj is not None and obj.kind.takes_choices
        return (*self.readonly_fields, "answer") if is_choice else self.readonly_fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and not replies.takes_new_feedback(obj):
            return False
        return super().has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and not replies.takes_new_feedback(obj):
            return False
        return super().has_delete_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feedback]:
        return super().get_queryset(request).select_related("edited_by")

    @admin.display(description=_("origin"))
    def where_from(self, feedback: Feedback) -> str:
        """Return where the row comes from, and who has edited it here."""
        origin = feedback.get_origin_display()
        if feedback.edited_at is None or not feedback.is_edited:
            return origin
        who = feedback.edited_by.get_full_name() if feedback.edited_by else gettext("somebody")
        day = date_format(timezone.localtime(feedback.edited_at), "SHORT_DATETIME_FORMAT")
        edited = gettext("edited by %(who)s, %(day)s") % {"who": who, "day": day}
        return f"{origin}; {edited}"

    @admin.display(description=_("as shown"))
    def shown(self, feedback: Feedback) -> SafeString:
        # It comes from the author's own build, or from our renderer, which sanitizes it.
        html = mark_safe(feedback.feedback)  # nosec B308 B703
        return format_html('<div class="bookbinder-shown" aria-live="polite">{}</div>', html)


@admin.register(Question)
class QuestionAdmin(ConflictsAdmin):
    list_display = (
        "label", "page", "grader", "points_possible", "feedback_rows", "short_prompt",
        "conflict_count",
    )  # fmt: skip
    list_filter = (ConflictsFilter, ("page__book", RelatedFilter), "grader")
    list_select_related = ("page__book",)
    search_fields = ("label", "prompt", "page__title", "page__url")
    ordering = ("page__book__title", "page__position", "index")
    linked_filters = ("page",)
    fields = ("label", "page", "grader", "points_possible", "prompt", "options")
    readonly_fields = fields
    inlines = (FeedbackInline,)

    class Media:
        js = (forms.Script("books/admin/replies.js", type="module"),)
        css = {"all": ("books/admin/admin.css",)}

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the feedback, with the name of the person who has edited it."""
        for row in formset.forms:
            if row.has_changed() and {"answer", "points", "text"} & set(row.changed_data):
                row.instance.edited_by = signed_in(request)
                row.instance.edited_at = timezone.now()
        super().save_formset(request, form, formset, change)

    def editables(self, obj: Any) -> Iterable[conflicts.Editable]:
        return list(Feedback.objects.filter(question=obj).select_related("question"))

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.render_reply)
        return [path("render/", view, name="books_question_render"), *super().get_urls()]

    def render_reply(self, request: HttpRequest) -> HttpResponse:
        """Return the HTML of a reply while it is being written, as students will see it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponse(markdown.render(request.POST.get("text", "")[:REPLY_LIMIT]))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        questions: QuerySet[Question] = super().get_queryset(request)
        found = Feedback.objects.filter(question=OuterRef("pk")).exclude(conflicts="")
        return questions.annotate(
            feedback_count=count_of(Feedback, "question"), has_conflicts=Exists(found)
        )

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # only a sync deletes it, with its answers, after asking

    @admin.display(description=_("conflicts"), ordering="has_conflicts")
    def conflict_count(self, question: Any) -> str:
        """Say whether any feedback has open conflicts."""
        return gettext("Yes") if question.has_conflicts else ""

    @admin.display(description=_("feedback"), ordering="feedback_count")
    def feedback_rows(self, question: Any) -> int:
        return int(question.feedback_count)

    @admin.display(description=_("prompt"))
    def short_prompt(self, question: Question) -> str:
        return question.prompt[:80]
