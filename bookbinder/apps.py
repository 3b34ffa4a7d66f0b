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

        # The modules live as long as the process, so that the collector need not look at them.
        gc.freeze()
        gc.enable()  # `manage.py` has stopped it
