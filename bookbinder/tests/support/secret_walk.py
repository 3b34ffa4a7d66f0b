"""Asks every address of the site, as everybody, and returns all that comes back.

The addresses are those of `roles.txt`, which must name every url pattern; each is asked for every
row that its key may mean. What takes a query or a form is asked besides, by `MORE`.
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
# What no manifest lists and somebody may try, within a project's published files.
UNLISTED = (
    "bookbinder.json", "../bookbinder.json", "private/bookbinder.json", "../private/bookbinder.json",
    "_sources/numbers.rst.txt", "_sources/numbers.rst", "numbers.rst", ".doctrees/numbers.feedback",
    ".doctrees/environment.pickle", ".buildinfo", "_feedback/", "policies.json",
)  # fmt: skip


def content(response: Any) -> str:
    """Return the head and the body of a response, as they are sent."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if body.startswith(b"PK"):  # a spreadsheet
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            body = b"\n".join(parts.read(name) for name in parts.namelist())
    for close in response._resource_closers:
        close()
    head = "".join(f"{name}: {value}\n" for name, value in response.items())
    return f"{response.status_code}\n{head}\n{body.decode(errors='replace')}"


def ask(client: Client, method: str, path: str, data: Any = None) -> str:
    """Ask, and undo what it did: to the database, and to the session."""
    cookies = client.cookies.output()
    with transaction.atomic():
        found = content(getattr(client, method)(path, data))
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.load(cookies.replace("Set-Cookie: ", ""))
    return found


def addresses(keys: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each url pattern with each address that it stands for."""
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
    """Yield every file of every release but its theme's, and what none has."""
    for release in Release.objects.all():
        for path in (*release.files, *UNLISTED):
            if not path.startswith("_static/"):
                yield f"books/{path}", f"/books/{release.project}/{path}"


def queries(token: str) -> Iterator[tuple[str, str]]:
    """Yield what depends on a query, or on a private address that was told to others."""
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
    """Yield each action of each list of the admin, on all its rows and on each: exports too."""
    for model, site_admin in admin.site._registry.items():
        meta = model._meta
        path = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        pks = list(model._default_manager.values_list("pk", flat=True))
        names = [
            "delete_selected",
            *(str(getattr(one, "__name__", one)) for one in site_admin.actions or ()),
        ]
        for name in names:
            # Some take one row and no more.
            for some in (pks, *([pk] for pk in pks if name != "delete_selected")):
                data = {"action": name, "_selected_action": some, "index": 0}
                for file_format in ("csv", "xlsx") if name.startswith("export") else ("",):
                    yield path.lstrip("/"), path, data | {"file_format": file_format}


def everything(clients: dict[str, Client], keys: dict[str, Any], token: str) -> Iterator[Any]:
    """Yield (role, route, address, what came back) for all there is to ask."""
    asked = [*addresses(keys), *files(), *queries(token)]
    posted = list(actions())
    # Not where nobody may: the walk over all roles holds it to that.
    takes_forms = {route for _get, post, route, _path in TABLE if set(post) != {"m"}}
    for role, client in clients.items():
        for route, path in asked:
            yield role, route, path, ask(client, "get", path)
            if route in takes_forms:
                yield role, route, f"POST {path}", ask(client, "post", path)
        for route, path, data in posted:
            yield role, route, f"{data['action']} {path}", ask(client, "post", path, data)
