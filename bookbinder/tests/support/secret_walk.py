"""Requests every URL of the site in every role, and returns all responses.

The URLs are those of `roles.txt`, which must list every URL pattern; each is requested for all rows
that it can refer to. `queries` and `actions` add requests with a query or with form data.
"""

import io
import zipfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import reverse

from books.models import Page, Question, Release
from grading.models import Answer, Attempt

TABLE = [
    line.split()
    for line in Path(__file__).with_name("roles.txt").read_text().splitlines()
    if not line.startswith("#")
]
# Paths in a project's published files that no manifest lists, but that somebody may try.
UNLISTED = (
    "bookbinder.json", "../bookbinder.json", "private/bookbinder.json", "../private/bookbinder.json",
    "_sources/numbers.rst.txt", "_sources/numbers.rst", "numbers.rst", ".doctrees/numbers.feedback",
    ".doctrees/environment.pickle", ".buildinfo", "_feedback/", "policies.json",
)  # fmt: skip


def content(response: Any) -> str:
    """Return the status, the headers and the body of a response; a spreadsheet is unpacked."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if body.startswith(b"PK"):  # a spreadsheet
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            body = b"\n".join(parts.read(name) for name in parts.namelist())
    for close in response._resource_closers:
        close()
    head = "".join(f"{name}: {value}\n" for name, value in response.items())
    return f"{response.status_code}\n{head}\n{body.decode(errors='replace')}"


def ask(client: Client, method: str, path: str, data: Any = None) -> str:
    """Return the content of a response, and undo changes to the database and the session."""
    cookies = client.cookies.output()
    with transaction.atomic():
        found = content(getattr(client, method)(path, data))
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.load(cookies.replace("Set-Cookie: ", ""))
    return found


def addresses(keys: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each URL pattern with each URL that it stands for."""
    several: dict[str, list[Any]] = {
        "question": list(Question.objects.values_list("pk", flat=True)),
        "page": list(Page.objects.values_list("pk", flat=True)),
        "answer": list(Answer.objects.values_list("pk", flat=True)),
        "attempt": list(Attempt.objects.values_list("pk", flat=True)),
        "release": list(Release.objects.values_list("pk", flat=True)),
    }
    for _get, _post, route, template in TABLE:
        names = [name for name in several if f"{{{name}}}" in template]
        for values in product(*(several[name] for name in names)):
            yield route, template.format(**keys | dict(zip(names, values, strict=True)))


def files() -> Iterator[tuple[str, str]]:
    """Yield every file of every release, except static files, and the paths in `UNLISTED`."""
    for release in Release.objects.all():
        for path in (*release.files, *UNLISTED):
            if not path.startswith("_static/"):
                yield f"books/{path}", f"/books/{release.project}/{path}"


def queries(token: str) -> Iterator[tuple[str, str]]:
    """Yield URLs with a query, and those of a preview whose private address has become known."""
    for docname in ("numbers", "open"):
        yield "preview/", f"/preview/{token}/{docname}.html"
        yield "api/previews/", f"/api/previews/{token}/state/{docname}"
    for question in Question.objects.select_related("page__book"):
        page = question.page
        path = reverse("answer", args=(page.book.project, page.docname))
        yield "answer/<slug:project>/<path:docname>", f"{path}?label={question.label}"
        yield "answer/<slug:project>/<path:docname>", f"{path}?label={question.label}&answer=turku"
    for model, site_admin in admin.site._registry.items():
        meta = model._meta
        for name in site_admin.autocomplete_fields:
            yield "admin/autocomplete/", _autocomplete(meta, name)
        for inline in site_admin.inlines:
            for name in inline.autocomplete_fields:
                yield "admin/autocomplete/", _autocomplete(inline.model._meta, name)


def _autocomplete(meta: Any, field: str) -> str:
    query = f"app_label={meta.app_label}&model_name={meta.model_name}&field_name={field}"
    return f"{reverse('admin:autocomplete')}?{query}"


def actions() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each action of each change list, including exports, for all its rows and for each."""
    for model, site_admin in admin.site._registry.items():
        meta = model._meta
        path = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        pks = list(model._default_manager.values_list("pk", flat=True))
        names = [
            "delete_selected",
            *(str(getattr(one, "__name__", one)) for one in site_admin.actions or ()),
        ]
        for name in names:
            # Some actions accept only one row.
            for some in (pks, *([pk] for pk in pks if name != "delete_selected")):
                data = {"action": name, "_selected_action": some, "index": 0}
                for file_format in ("csv", "xlsx") if name.startswith("export") else ("",):
                    yield path.lstrip("/"), path, data | {"file_format": file_format}


def everything(clients: dict[str, Client], keys: dict[str, Any], token: str) -> Iterator[Any]:
    """Yield (role, URL pattern, URL, content of the response) for all requests."""
    asked = [*addresses(keys), *files(), *queries(token)]
    posted = list(actions())
    # Patterns that accept no POST are left out: another test checks that they refuse it.
    takes_forms = {route for _get, post, route, _path in TABLE if set(post) != {"m"}}
    for role, client in clients.items():
        for route, path in asked:
            yield role, route, path, ask(client, "get", path)
            if route in takes_forms:
                yield role, route, f"POST {path}", ask(client, "post", path)
        for route, path, data in posted:
            yield role, route, f"{data['action']} {path}", ask(client, "post", path, data)
