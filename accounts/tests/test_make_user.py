import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def make_user(*arguments: str) -> str:
    out = StringIO()
    call_command("make_user", *arguments, stdout=out)
    return out.getvalue()


def test_an_account_is_made_and_its_owner_sets_the_password_by_the_link(client):
    out = make_user("New@example.org", "--type", "author", "--first-name", "Nora")
    user = User.objects.get()
    assert (user.email, user.type, user.first_name) == ("new@example.org", "author", "Nora")
    assert not user.has_usable_password()
    match = re.search(r"http://\S+?(/accounts/\S+)", out)
    assert match
    page = client.get(match[1], follow=True)
    path = page.redirect_chain[-1][0]
    client.post(path, {"password1": PASSWORD, "password2": PASSWORD})
    client.post("/accounts/login/", {"login": "new@example.org", "password": PASSWORD})
    client.post("/accounts/policy/", {"agree": "on"})
    assert "Nora" in client.get("/").content.decode()


def test_a_second_run_changes_nothing_and_prints_no_link_for_who_has_a_password():
    make_user("new@example.org", "--type", "admin")
    user = User.objects.get()
    user.set_password(PASSWORD)
    user.save()
    out = make_user("NEW@example.org", "--type", "admin")
    assert out == "new@example.org: already exists, type admin.\n"
    user.refresh_from_db()
    assert user.check_password(PASSWORD) and user.is_superuser


def test_who_signed_up_with_somebody_elses_address_does_not_get_its_rights(client):
    data = {"email": "boss@example.org", "first_name": "E", "last_name": "E", "agree": "on"}
    client.post("/accounts/signup/", data | {"password1": PASSWORD})
    assert "To set the password" in make_user("boss@example.org", "--type", "admin")
    client.post("/accounts/login/", {"login": "boss@example.org", "password": PASSWORD})
    assert client.get("/admin/accounts/user/").status_code == 302
    assert not User.objects.get().has_usable_password()


def test_the_type_of_an_account_can_be_changed():
    make_user("new@example.org", "--type", "admin")
    make_user("new@example.org")
    assert User.objects.get().type == "user"


def test_what_is_no_address_is_refused():
    with pytest.raises(CommandError, match="not a valid e-mail address"):
        make_user("nobody")
    assert not User.objects.exists()
