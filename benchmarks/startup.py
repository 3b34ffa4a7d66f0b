"""The CPU time of commands with little to do, beside those of a bare Django project.

The bare project has the same apps, except our own.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings

from benchmarks.extension import of_children
from benchmarks.figures import Figure, alternate
from bookbinder.tests.support import builds

OURS = ("bookbinder", "accounts", "books", "grading", "annotations", "billing")
BUDGET = 1.3
MANAGE = """
import os, sys
from django.core.management import execute_from_command_line
os.environ["DJANGO_SETTINGS_MODULE"] = "bare_settings"
execute_from_command_line(sys.argv)
"""
SETTINGS = """
SECRET_KEY = "bare"
INSTALLED_APPS = ["django.contrib.admin", *{apps!r}]
MIDDLEWARE = {middleware!r}
TEMPLATES = [{{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {{"context_processors": [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]}}}}]
DATABASES = {{"default": {{
    "ENGINE": "django.db.backends.sqlite3", "NAME": "{folder}/bare.sqlite3",
}}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "/static/"
ROOT_URLCONF = "bare_urls"
"""
URLS = """
from django.contrib import admin
from django.urls import include, path
from ninja import NinjaAPI
urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/", NinjaAPI().urls),
]
"""


def write_bare(folder: Path) -> Path:
    """Write a project with the same third-party apps and middleware; return its `manage.py`."""
    apps = [name for name in settings.INSTALLED_APPS if name.partition(".")[0] not in OURS]
    middleware = [name for name in settings.MIDDLEWARE if name.partition(".")[0] not in OURS]
    (folder / "bare_settings.py").write_text(
        SETTINGS.format(apps=apps, middleware=middleware, folder=folder), encoding="utf-8"
    )
    (folder / "bare_urls.py").write_text(URLS, encoding="utf-8")
    command = folder / "manage.py"
    command.write_text(MANAGE, encoding="utf-8")
    return command


def measure() -> list[Figure]:
    ours = settings.BASE_DIR / "manage.py"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = write_bare(folder)
        source = builds.copy_book("rst", folder / "book")
        built = folder / "html"
        done = builds.run(source, built)
        assert done.returncode == 0, done.stderr
        environment = {name: value for name, value in os.environ.items() if name != "DEBUG"}
        environment |= {
            "BOOKBINDER_DATA_DIR": str(folder / "data"),
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        }

        def run(command: Path, *arguments: str) -> None:
            subprocess.run(
                [sys.executable, command, *arguments],
                check=True,
                env=environment,
                stdout=subprocess.DEVNULL,
            )

        sync = ("sphinx_sync", str(built), "--noinput", "-v", "0")
        run(ours, "migrate", "-v", "0")
        run(ours, *sync)
        run(bare, "migrate", "-v", "0")
        rows = (
            ("check", ("check",), "check", ("check",)),
            ("sphinx_sync --help", ("sphinx_sync", "--help"), "--help", ("migrate", "--help")),
            ("a sync that changes nothing", sync, "migrate --check", ("migrate", "--check")),
        )
        figures = []
        for title, own, floor_title, floor in rows:
            best = alternate(
                lambda own=own: run(ours, *own),  # type: ignore[misc]
                lambda floor=floor: run(bare, *floor),  # type: ignore[misc]
                clock=of_children,
            )
            name = f"CPU of `manage.py`: {title}"
            figures.append(Figure(name, best[0], f"a bare project: {floor_title}", best[1], BUDGET))
    return figures
