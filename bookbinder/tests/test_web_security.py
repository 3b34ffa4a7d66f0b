"""What the guide's page on web security lists, each with the test that holds it."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import Client, RequestFactory
from ninja import NinjaAPI

from accounts.models import User
from bookbinder.site.api import api
from bookbinder.tests.run.deploy import PRODUCTION
from bookbinder.tests.support.admin_pages import change_form, course_data
from bookbinder.tests.support.builds import ROOT
from bookbinder.tests.support.signing_in import SIGNUP
from conftest import PASSWORD, lay_page, make_note

SHOW = """
import json, django
django.setup()
from django.conf import settings
from django.test import Client
response = Client().get("/policy/", secure=True, HTTP_HOST="books.example.org")
plain = Client().get("/policy/", HTTP_HOST="books.example.org", HTTP_X_FORWARDED_PROTO="http")
names = [name for name in dir(settings) if "COOKIE" in name or name.startswith("CSRF")]
print(json.dumps({
    "headers": dict(response.headers), "plain": [plain.status_code, plain.headers.get("Location")],
    "foreign": Client().get("/policy/", secure=True, HTTP_HOST="evil.example").status_code,
    "settings": {name: getattr(settings, name) for name in names},
}, default=str))
"""


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    """What the site answers and sets under the settings of a real server."""
    data = tmp_path_factory.mktemp("production")
    (data / "static").mkdir()
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = keep | PRODUCTION | {
        "BOOKBINDER_DATA_DIR": str(data), "DATABASE_URL": "sqlite://:memory:",
        "DJANGO_SETTINGS_MODULE": "bookbinder.settings",
    }  # fmt: skip
    (data / "static/staticfiles.json").write_text(
        json.dumps({"version": "1.1", "paths": {"books/icon.svg": "i", "books/site.css": "s"}})
    )
    done = subprocess.run(
        [sys.executable, "-c", SHOW], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_cookies_are_for_this_host_over_https_and_for_no_script(production):
    settings = production["settings"]
    assert settings["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert settings["SESSION_COOKIE_SECURE"] and settings["CSRF_COOKIE_SECURE"]
    assert settings["SESSION_COOKIE_HTTPONLY"] and not settings["SESSION_COOKIE_DOMAIN"]
    assert settings["SESSION_COOKIE_SAMESITE"] == settings["CSRF_COOKIE_SAMESITE"] == "Lax"


def test_headers_tell_browsers_what_not_to_do(production):
    headers = production["headers"]
    assert headers["Strict-Transport-Security"] == "max-age=2592000"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


POLICIES = (
    "Content-Security-Policy", "Permissions-Policy", "Referrer-Policy", "X-Content-Type-Options",
    "X-Frame-Options", "Cross-Origin-Opener-Policy",
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "status", "extra"),
    [
        ("/", 200, {}),
        ("/%00", 400, {}),
        ("/?x=%00", 400, {}),
        ("/nothing", 404, {}),
        ("/admin/", 302, {}),
        ("/api/questions/1/attempts", 401, {}),
        ("/api/state/tiny/nothing", 404, {}),
        ("/", 400, {"HTTP_HOST": "evil.example"}),
        ("/accounts/login/", 413, {"CONTENT_LENGTH": "9999999"}),
    ],
)
def test_every_response_has_the_policies_and_is_kept_nowhere(client, db, path, status, extra):
    response = client.get(path, **extra)
    assert response.status_code == status
    for name in POLICIES:
        assert response.headers.get(name), name
    assert "no-store" in response["Cache-Control"]


def test_what_is_personal_is_kept_nowhere(as_user, enrollment, adding, page, ines, course):
    lay_page(page)
    note = make_note(enrollment.user, page)
    client = as_user(enrollment.user)
    for path in (
        "/",
        f"/api/state/{page.book.project}/{page.url}",
        f"/api/questions/{adding.pk}/attempts",
        f"/api/pages/{page.pk}/annotations",
        f"/api/annotations/{note.uuid}",
        f"/answer/{page.book.project}/{page.url}",
        f"/notes/on/{page.book.project}/{page.url}",
        "/notes/",
        "/notes/export.csv",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/",
    ):
        response = client.get(path)
        assert response.status_code in (200, 302), path
        assert "no-store" in response["Cache-Control"], path
    teacher = as_user(ines)
    data = {"action": "export_gradebook", "_selected_action": [course.pk], "format": "csv"}
    for response in (
        teacher.post("/admin/grading/course/", data),
        teacher.get(f"/admin/grading/course/{course.pk}/change/"),
    ):
        assert "no-store" in response["Cache-Control"]


def test_the_document_of_the_api_is_made_once(client, db, monkeypatch):
    made = []
    original = NinjaAPI.get_openapi_schema

    def make(self, **kwargs):
        made.append(kwargs)
        return original(self, **kwargs)

    monkeypatch.setattr(NinjaAPI, "get_openapi_schema", make)
    api._document.cache_clear()
    documents = [client.get("/api/openapi.json").json() for _time in range(3)]
    assert (
        documents[0] == documents[2]
        and "/api/questions/{question_id}/answers" in documents[0]["paths"]
    )
    assert len(made) == 1


def test_http_leads_to_https(production):
    assert production["plain"] == [301, "https://books.example.org/policy/"]


def test_another_host_is_not_answered(production):
    assert production["foreign"] == 400


def test_a_forged_host_is_in_no_letter():
    with pytest.raises(SuspiciousOperation):
        RequestFactory().get("/", headers={"host": "evil.example"}).get_host()


ELSEWHERE = ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nothing_leads_to_another_site(client, eve, target):
    eve.emailaddress_set.create(email=eve.email, verified=True, primary=True)
    data = {"login": eve.email, "password": PASSWORD, "next": target}
    assert client.post("/accounts/login/", data).url == "/"
    assert client.post("/accounts/logout/", {"next": target}).url == "/"


@pytest.mark.parametrize(
    "path",
    ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/logout/",
     "/accounts/policy/", "/join/autumn-2026/", "/answer/tiny/numbers", "/admin/grading/course/"],
)  # fmt: skip
def test_a_form_of_another_site_does_nothing(db, path):
    assert Client(enforce_csrf_checks=True).post(path, {}).status_code == 403


def test_the_api_takes_no_answer_from_another_site(sam, adding):
    client = Client(enforce_csrf_checks=True)
    client.force_login(sam, backend="accounts.access.RulesBackend")
    data = json.dumps({"answer": "4", "client_key": "11111111-1111-4111-8111-111111111111"})
    path = f"/api/questions/{adding.pk}/answers"
    assert client.post(path, data, content_type="application/json").status_code == 403
    assert not adding.attempts.exists()


def test_a_form_sets_no_field_that_it_does_not_show(client, db, as_user, ines, course):
    extra = {"type": "admin", "is_staff": "1", "is_superuser": "1", "policy_version": "99"}
    client.post("/accounts/signup/", SIGNUP | extra)
    user = User.objects.get(email="new@example.org")
    assert (user.type, user.is_staff, user.policy_version) == ("user", False, "1")
    data = course_data(course, price=0, join_code="chosen-code", book=999)
    as_user(ines).post(change_form(course), data)
    course.refresh_from_db()
    assert (course.price, course.join_code != "chosen-code") == (None, True)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "{{ 7*7 }}", "a\r\nBcc: x@y.example"]
)
def test_what_people_write_is_put_out_as_text(client, db, name):
    client.post("/accounts/signup/", SIGNUP | {"first_name": name})
    user = User.objects.filter(email="new@example.org").first()
    if user is not None:
        client.force_login(user, backend="accounts.access.RulesBackend")
        text = client.get("/").content.decode()
        assert "<script>alert" not in text and "49 New" not in text


def test_a_request_that_is_too_large_is_refused(as_user, sam, adding):
    data = json.dumps({"answer": "x" * 3_000_000, "client_key": "x"})
    path = f"/api/questions/{adding.pk}/answers"
    response = as_user(sam).post(path, data, content_type="application/json")
    assert response.status_code in (400, 413)


def test_the_guide_names_tests_that_there_are():
    text = (ROOT / "docs/operators/security.rst").read_text()
    names = set(re.findall(r"``(test_\w+)``", text))
    assert len(names) > 20
    written = "".join(path.read_text() for path in ROOT.glob("*/tests/**/test_*.py"))
    missing = {name for name in names if f"def {name}(" not in written}
    assert not missing
