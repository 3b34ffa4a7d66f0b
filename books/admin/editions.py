"""Editions in the admin: a build is uploaded or made, its plan shown, and a yes brings it live."""

from pathlib import Path
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

from accounts.admin.base import ReadOnly, RulesAdmin, may
from accounts.http import signed_in
from books.editions import process, rights
from books.editions.upload import UploadError
from books.models import Edition


class UploadForm(forms.Form):
    build = forms.FileField(
        label=_("Build"),
        widget=forms.FileInput(attrs={"accept": ".zip"}),
    )


class PlanForm(forms.Form):
    """What is said to a plan: what `sphinx_sync` asks and takes."""

    prefer = forms.ChoiceField(
        label=_("Where the source and the admin have both changed a text"),
        choices=[
            ("", _("the admin's is shown, and the conflict stays open")),
            ("admin", _("the admin's is shown")),
            ("source", _("the source's is shown")),
        ],
        required=False,
    )
    regrade = forms.BooleanField(
        label=_("Give all answers the points that the feedback now gives"), required=False
    )
    delete_user_data = forms.BooleanField(
        label=_("Delete the data of students that is listed; it is archived first"),
        required=False,
    )


# What it did stands with the edition.
admin.site.unregister(DBTaskResult)


@admin.register(Edition)
class EditionAdmin(ReadOnly, RulesAdmin):
    list_display = ("__str__", "source", "state", "created_by", "created_at")
    list_filter = ("state",)
    list_select_related = ("created_by",)
    search_fields = ("project", "source")
    listed_for = "books.add_edition"

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request, "books.add_edition")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.decide)
        name = "books_edition_decide"
        return [path("<int:pk>/decide/", view, name=name), *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """Upload a build, or have one of the operator's source folders built."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        is_sent = request.method == "POST"
        form = UploadForm(request.POST, request.FILES) if is_sent else UploadForm()
        if is_sent:
            edition = self.edition_of(request, form)
            if edition is not None:
                process.begin(edition)
                return redirect(_address(edition))
        context = {
            **self.admin_site.each_context(request),
            "title": _("New edition"),
            "opts": self.opts,
            "form": form,
            "sources": rights.sources(signed_in(request)),
            "limit": process.limit(),
        }
        return TemplateResponse(request, "admin/books/edition/add.html", context)

    def edition_of(self, request: HttpRequest, form: UploadForm) -> Edition | None:
        by = signed_in(request)
        try:
            if "source" in request.POST:
                return process.of_source(Path(request.POST["source"]), by)
            if form.is_valid():
                return process.of_upload(form.cleaned_data["build"], by)
        except process.NotAllowed as error:
            raise PermissionDenied(str(error)) from error
        except UploadError as error:
            form.add_error("build", str(error))
        return None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The plan, how far the work is, and how it ended."""
        edition = self.edition(request, unquote(object_id))
        process.notice_the_dead(edition)
        user = signed_in(request)
        context = {
            **self.admin_site.each_context(request),
            "title": str(edition),
            "opts": self.opts,
            "edition": edition,
            # Whose data would go is for admins: authors see no student's name.
            "lines": [*edition.plan, *(edition.names if user.is_superuser else [])],
            "form": PlanForm(initial=edition.options, label_suffix=""),
            "may_publish": rights.may_publish(user, edition.project),
            "can_retry": process.can_retry(edition),
        }
        return TemplateResponse(request, "admin/books/edition/plan.html", context)

    def edition(self, request: HttpRequest, pk: Any) -> Edition:
        edition = self.get_object(request, str(pk))
        if edition is None:
            raise Http404
        return edition

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take what a button of the plan's page says."""
        edition, user = self.edition(request, pk), signed_in(request)
        form = PlanForm(request.POST)
        if request.method != "POST" or not form.is_valid():
            raise Http404
        if "publish" in request.POST:
            if not rights.may_publish(user, edition.project):
                raise PermissionDenied
            digest = request.POST.get("digest", "")
            is_taken = process.agree(edition, user, form.cleaned_data, digest)
        else:
            is_taken = process.plan_again(edition, user, form.cleaned_data)
        if is_taken:
            process.begin(edition)
        else:
            self.message_user(
                request,
                _("This has been decided already, or its plan is another."),
                messages.WARNING,
            )
        return redirect(_address(edition))


def _address(edition: Edition) -> str:
    return reverse("admin:books_edition_change", args=(edition.pk,))
