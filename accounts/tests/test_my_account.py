"""My account: names, what is kept, its download, and the request to delete the account."""

import json
import zipfile
from io import BytesIO

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.models import LogEntry
from django.core import mail

from accounts import views
from accounts.models import User
from accounts.personal_data import erasure
from bookbinder.tests.support import life
from conftest import PASSWORD, make_user
from grading.models import Attempt


@pytest.fixture
def lived(sam, course, page, adding, enrollment):
    life.live(sam, course, page, adding)
    return sam


@pytest.fixture
def trusted(as_user):
    """Return a function that signs a person in, who has just entered their password again."""

    def sign_in(user):
        client = as_user(user)
        proven = {"verified": True, "primary": True}
        EmailAddress.objects.get_or_create(user=user, email=user.email, defaults=proven)
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        return client

    return sign_in


@pytest.fixture
def sams(trusted, sam):
    return trusted(sam)


def text_of(response) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_names_are_changed(sams, sam):
    response = sams.post("/accounts/", {"first_name": "Samuel", "last_name": "Test"}, follow=True)
    assert "Samuel Test" in text_of(response)
    sam.refresh_from_db()
    assert sam.get_full_name() == "Samuel Test"


@pytest.mark.parametrize("name", ["", "  ", "x" * 151, "a\u202eb", "https://spam.example"])
def test_a_name_that_is_none_is_refused_and_the_old_one_stays(sams, sam, name):
    page = text_of(sams.post("/accounts/", {"first_name": name, "last_name": "Test"}))
    assert "errorlist" in page and 'aria-invalid="true"' in page
    assert ">Sam Tester</a>" in page  # at the top of the page
    sam.refresh_from_db()
    assert sam.get_full_name() == "Sam Tester"


def test_a_form_sets_nothing_but_the_names(sams, sam):
    names = {"first_name": "Samuel", "last_name": "Test"}
    sams.post("/accounts/", names | {"type": "admin", "email": "a@example.org", "is_active": ""})
    sam.refresh_from_db()
    assert (sam.type, sam.email, sam.is_active) == ("user", "sam@example.org", True)


def test_the_page_lists_what_is_kept(lived, sams):
    page = text_of(sams.get("/accounts/"))
    assert '<th scope="row">Payments</th><td class="number">1</td>' in page
    assert "kept without your name" in page


def test_everything_is_downloaded(lived, sams):
    archive = sams.get("/accounts/data.zip")
    assert archive["Content-Disposition"].startswith("attachment")
    assert "no-store" in archive["Cache-Control"]
    with zipfile.ZipFile(BytesIO(b"".join(archive.streaming_content))) as files:
        in_zip = json.loads(files.read("data.json"))["data"]
    alone = json.loads(b"".join(sams.get("/accounts/data.json").streaming_content))
    assert alone["data"] == in_zip
    assert alone["data"]["accounts.user"][0]["email"] == "sam@example.org"


def test_downloads_are_limited(lived, sams, monkeypatch):
    monkeypatch.setattr(views, "DOWNLOADS_AN_HOUR", 2)
    responses = [sams.get("/accounts/data.json") for _i in range(3)]
    for response in responses:
        response.close()  # and so the file
    assert [response.status_code for response in responses] == [200, 200, 429]


@pytest.mark.parametrize("path", ["data.zip", "data.json", "delete/"])
def test_the_password_is_asked_for_again(as_user, sam, path):
    response = as_user(sam).get(f"/accounts/{path}")
    assert response.status_code == 302
    assert response.url.startswith("/accounts/reauthenticate/")
    as_user(sam).post("/accounts/delete/")
    sam.refresh_from_db()
    assert sam.erasure_due_at is None


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "data.zip", "data.json", "delete/"])
def test_strangers_are_asked_to_sign_in(client, path):
    assert client.get(f"/accounts/{path}").url.startswith("/accounts/login/")


def test_the_deletion_is_shown_first_and_can_be_taken_back(lived, sams):
    page = text_of(sams.get("/accounts/delete/"))
    assert "you have paid" in page and f"Former student {lived.pk}" in page
    assert "in 14 days" in page
    assert User.objects.get(pk=lived.pk).erasure_due_at is None
    sams.post("/accounts/delete/")
    assert Attempt.objects.exists()
    (letter,) = mail.outbox
    assert letter.to == ["sam@example.org"]
    due = User.objects.get(pk=lived.pk).erasure_due_at
    for path in ("/accounts/", "/", "/accounts/email/"):
        assert "Your account will be deleted on" in text_of(sams.get(path))
    sams.post("/accounts/delete/")
    assert User.objects.get(pk=lived.pk).erasure_due_at == due
    assert len(mail.outbox) == 1
    assert "Your account is kept." in text_of(sams.post("/accounts/keep/", follow=True))
    assert User.objects.get(pk=lived.pk).erasure_due_at is None
    assert "will be deleted" not in text_of(sams.get("/"))


def test_another_persons_request_is_not_taken_back(as_user, sam, eve):
    erasure.ask(sam)
    as_user(eve).post("/accounts/keep/")
    sam.refresh_from_db()
    assert sam.erasure_due_at


def test_the_only_admin_is_told_why_not(trusted, root):
    client = trusted(root)
    for response in (client.get("/accounts/delete/"), client.post("/accounts/delete/")):
        assert "Make somebody else an admin first." in text_of(response)
    root.refresh_from_db()
    assert root.erasure_due_at is None


# In the admin.


def delete_page(user) -> str:
    return f"/admin/accounts/user/{user.pk}/delete/"


def test_an_admin_deletes_a_person_who_loses_the_name(lived, as_user, root):
    client = as_user(root)
    page = text_of(client.get(delete_page(lived)))
    assert "only loses its name" in page and "you have paid" in page
    assert "Second factors: 1" in page
    client.post(delete_page(lived), {"post": "yes"})
    lived.refresh_from_db()
    assert lived.erased_at and lived.first_name == "Former"
    # Nor does the entry about the deletion name the person.
    logged = LogEntry.objects.filter(user=root).values_list("object_repr", flat=True)
    assert list(logged) == [f"Former student {lived.pk}"]
    assert client.get(delete_page(lived)).status_code == 403


def test_an_admin_deletes_several_people_at_once(lived, as_user, root, eve):
    chosen = {"action": "delete_selected", "_selected_action": [lived.pk, eve.pk]}
    client = as_user(root)
    assert "only loses its name" in text_of(client.post("/admin/accounts/user/", chosen))
    client.post("/admin/accounts/user/", chosen | {"post": "yes"})
    assert not User.objects.filter(pk=eve.pk).exists()
    assert User.objects.get(pk=lived.pk).erased_at


def test_the_only_admins_are_not_all_deleted(as_user, root):
    rita = make_user("rita", type="admin")
    chosen = {"action": "delete_selected", "_selected_action": [root.pk, rita.pk], "post": "yes"}
    response = as_user(root).post("/admin/accounts/user/", chosen)
    assert response.status_code == 302
    assert User.objects.filter(type="admin", is_active=True).count() == 1


def test_an_account_without_a_name_gets_no_other_address(lived, as_user, root):
    erasure.erase(lived)
    client = as_user(root)
    path = f"/admin/accounts/user/{lived.pk}/change/"
    fields = {"email": "eve2@example.org", "first_name": "Eve", "last_name": "L", "type": "user"}
    assert client.get(path).status_code == 200
    assert client.post(path, fields | {"username": "eve2", "is_active": "on"}).status_code == 403
    confirm = {"action": "confirm_addresses", "_selected_action": [lived.pk]}
    client.post("/admin/accounts/user/", confirm)
    assert not EmailAddress.objects.exists()


@pytest.mark.django_db
def test_nobody_signs_up_with_an_address_of_an_erased_account(client):
    fields = {"email": "former-student-7@erased.invalid", "password1": PASSWORD, "agree": "on"}
    names = {"first_name": "Eve", "last_name": "L"}
    page = text_of(client.post("/accounts/signup/", fields | names))
    assert "Enter a valid email address." in page
    assert not User.objects.exists()
