"""Editions in the admin: a build is uploaded or made, its plan is shown, then it is published."""

import re
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
    """The choices for a plan, which are the same as the options of `sphinx_sync`."""

    prefer = forms.ChoiceField(
        label=_("If the source and the admin have both changed a text"),
        choices=[
            ("", _("show the admin's text, and keep the conflict open")),
            ("admin", _("show the admin's text")),
            ("source", _("show the source's text")),
        ],
        required=False,
    )
    regrade = forms.BooleanField(
        label=_("Regrade all answers with the feedback of the new edition"), required=False
    )
    delete_user_data = forms.BooleanField(
        label=_("Delete the user data that is listed above; it is archived first"),
        required=False,
    )


# The results of tasks are not listed: the page of an edition shows that of its task.
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
        """Start an edition from an uploaded build, or have one of the operator's folders built."""
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
        """Return the new edition, or None if the form has errors.

        Raises PermissionDenied if the user may not build the folder.
        """
        by = signed_in(request)
        try:
            if "source" in request.POST:
                return process.of_source(Path(request.POST["source"]), by)
            if "release" in request.POST:
                return process.of_release(_number(request.POST["release"]), by)
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
        """Show the plan of an edition, the progress of the work, and its result."""
        edition = self.edition(request, unquote(object_id))
        process.notice_the_dead(edition)
        user = signed_in(request)
        context = {
            **self.admin_site.each_context(request),
            "title": str(edition),
            "opts": self.opts,
            "edition": edition,
            # Only admins see whose data would be deleted: authors never see names of students.
            "lines": [*edition.plan, *(edition.names if user.is_superuser else [])],
            "form": PlanForm(initial=edition.options, label_suffix=""),
            "may_publish": rights.may_publish(user, edition.project),
            "can_retry": process.can_retry(edition),
        }
        return TemplateResponse(request, "admin/books/edition/plan.html", context)

    def edition(self, request: HttpRequest, pk: Any) -> Edition:
        """Return an edition that the user may see. Raises Http404 if there is none."""
        edition = self.get_object(request, str(pk))
        if edition is None:
            raise Http404
        return edition

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Publish the edition or plan it again, depending on the button that was pressed."""
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
                _("This edition has already been decided on, or its plan has changed."),
                messages.WARNING,
            )
        return redirect(_address(edition))


def _number(text: str) -> int:
    """Return the primary key in a form, or 0, which no row has."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0


def _address(edition: Edition) -> str:
    return reverse("admin:books_edition_change", args=(edition.pk,))
