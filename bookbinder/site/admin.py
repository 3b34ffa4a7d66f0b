"""The admin site: its name, how people enter it, and the order of its apps."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.contenttypes.models import ContentType
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import waiting
from accounts.http import signed_in

APP_ORDER = ("grading", "books", "annotations", "billing", "accounts")


def _in_groups(apps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the apps in their order, with all that belongs to accounts in one group.

    allauth has an app for each way of signing in.
    """
    groups: dict[str, dict[str, Any]] = {}
    for app in apps:
        label = app["app_label"]
        own = label if label in APP_ORDER else "accounts"
        if own in groups:
            groups[own]["models"] += app["models"]
        else:
            groups[own] = app
    if "accounts" in groups:
        groups["accounts"]["name"] = gettext("Accounts")
    return [groups[label] for label in APP_ORDER if label in groups]


def _lacks_second_factor(request: HttpRequest) -> bool:
    return settings.BOOKBINDER_STAFF_2FA and not is_mfa_enabled(request.user)


class BookBinderAdminSite(AdminSite):
    site_header = "Book Binder"
    site_title = "Book Binder"
    index_title = _("Courses and books")
    # It lists all models on every page, with a query for each of them unless the user is an admin.
    enable_nav_sidebar = False

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add what waits for the person, counted when a page shows it: pop-ups do not."""
        context: dict[str, Any] = super().each_context(request)
        if context["has_permission"]:
            user = signed_in(request)
            context["waits"] = SimpleLazyObject(lambda: waiting.for_person(user))
        return context

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not _lacks_second_factor(request)

    @method_decorator(secure_admin_login)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Redirect to the admin, or to the setup of a second factor.

        `secure_admin_login` sends people who are not signed in to the site's own sign-in page.
        Django's form would not ask for a second factor, a confirmed address or an agreement to the
        policy, and would not limit the number of attempts.
        """
        if _lacks_second_factor(request):
            what = _("The admin needs a second factor: add an app, a security key or a passkey.")
            messages.warning(request, what)
            return redirect("mfa_index")
        target = request.GET.get("next", "")
        if url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
            return redirect(target)
        return redirect("admin:index")

    def get_urls(self) -> list[Any]:
        """Replace Django's `view_on_site`, which does not check permissions on the object."""
        view = self.admin_view(self.view_on_site)
        ours = path("r/<int:content_type_id>/<int:object_id>/", view, name="view_on_site")
        others = super().get_urls()
        return [ours, *(url for url in others if getattr(url, "name", "") != "view_on_site")]

    def view_on_site(
        self, request: HttpRequest, content_type_id: int, object_id: int
    ) -> HttpResponse:
        """Redirect to the page of an object. Raises Http404 if the user may not view it here."""
        model = get_object_or_404(ContentType, pk=content_type_id).model_class()
        admin = self._registry.get(model) if model else None
        if admin is None or not hasattr(model, "get_absolute_url"):
            raise Http404
        row = get_object_or_404(admin.get_queryset(request), pk=object_id)
        if not admin.has_view_permission(request, row):
            raise Http404
        return redirect(row.get_absolute_url())

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Return the apps in their order, found out when they are first asked for.

        Django gives the list to each page of the admin, and most show nothing of it.
        """
        list_apps = super().get_app_list
        return SimpleLazyObject(lambda: _in_groups(list_apps(request, app_label)))
