"""The admin site: its name, and its apps in the order of the work."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

APP_ORDER = ("grading", "books", "annotations", "billing", "accounts", "account")


class BookBinderAdminSite(AdminSite):
    site_header = "Book Binder"
    site_title = "Book Binder"
    index_title = _("Courses and books")
    # The hidden sidebar lists every model on every page: one query each for who is no admin.
    enable_nav_sidebar = False

    @method_decorator(secure_admin_login)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """People sign in to the admin as everywhere else."""
        return super().login(request, extra_context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        last = len(APP_ORDER)
        places = {label: place for place, label in enumerate(APP_ORDER)}
        return sorted(apps, key=lambda app: places.get(app["app_label"], last))
