import gc

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class BookBinderAdminConfig(AdminConfig):
    default_site = "bookbinder.site.admin.BookBinderAdminSite"


class BookBinderConfig(AppConfig):
    name = "bookbinder"
    verbose_name = "Book Binder"

    def ready(self) -> None:
        from bookbinder.site import checks  # noqa: F401 - registers the system checks

        # The modules live as long as the process, so the collector does not need to search them.
        gc.freeze()
        gc.enable()  # `manage.py` has disabled it
