"""Names that people give themselves, wherever they are entered."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.names import check_name
from bookbinder.tests.support.admin_pages import change_form

REFUSED = [
    "Sam \u202e resU",  # turns the text after it round
    "\u2066Sam",
    "Sam\u200f",
    "Sam\u061c",
    "\u200b",
    "\u200d",
    "\u3164",
    "\u2800",
    " ",
    "S\x07am",
    "Sam\u2028Tester",
    "Sam\ufeff",
    "http://example.org",
    "sam@example.org",
]


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_seen_or_turns_other_text_round_is_no_name(name):
    with pytest.raises(ValidationError, match="special characters"):
        check_name(name)


@pytest.mark.parametrize(
    "name", ["Sam", "Zoë", "O'Neil-Śmith", "李", "می\u200cخواهم", "J. R. 2nd", "N’Golo"]
)
def test_names_of_all_scripts_are_taken(name):
    check_name(name)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["\u200b", "Sam \u202e resU"])
def test_they_are_refused_at_every_way_in(client, as_user, root, eve, name):
    sent = {
        "first_name": name,
        "last_name": "Tester",
        "email": "new@example.org",
        "password1": "a long one indeed",
        "agree": "on",
    }
    assert "special characters" in client.post("/accounts/signup/", sent).content.decode()
    with pytest.raises(CommandError, match=r"--first-name: .*special characters"):
        call_command("make_user", "new@example.org", "--first-name", name)
    assert not User.objects.filter(email="new@example.org").exists()
    data = {"email": eve.email, "username": eve.username, "first_name": name}
    data |= {"last_name": "Tester", "type": "user", "is_active": "on"}
    page = as_user(root).post(change_form(eve), data)
    assert "special characters" in page.content.decode()
    eve.refresh_from_db()
    assert eve.first_name == "Eve"
