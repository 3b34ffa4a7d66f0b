"""What the history of the admin says of a person after an erasure."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from accounts.models import User
from accounts.personal_data import erasure
from conftest import make_user
from grading.models import Course


def logged(text: str, model=Course):
    fields = {"object_id": "1", "object_repr": text, "action_flag": CHANGE}
    kind = ContentType.objects.get_for_model(model)
    user = User.objects.get(email="root@example.org")
    return LogEntry.objects.create(user=user, content_type=kind, change_message=text, **fields)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Sam Tester <sam@example.org> · Autumn", "Former student {} · Autumn"),
        ("Sam Tester <left@example.org>", "Former student {}"),
        ("SAM@example.org", "Former student {}"),
        ("Joann <josam@example.org>", "Joann <josam@example.org>"),
        ("sam@example.org.uk, a.sam@example.org", "sam@example.org.uk, a.sam@example.org"),
        ("Sam Tester", "Sam Tester"),
    ],
)
def test_what_the_history_of_the_admin_says(sam, root, before, after):
    entry = logged(before)
    erasure.erase(sam)
    entry.refresh_from_db()
    expected = after.format(sam.pk)
    assert (entry.object_repr, entry.change_message) == (expected, expected)


def test_a_namesake_is_not_renamed(sam, root):
    make_user("sam2", first_name="Sam")
    entry = logged("Sam Tester <sam2@example.org>")
    erasure.erase(sam)
    entry.refresh_from_db()
    assert entry.object_repr == "Sam Tester <sam2@example.org>"


def test_a_deleted_way_of_signing_in_is_called_by_the_full_name(sam, root):
    entry = logged("Sam Tester", model=SocialAccount)
    erasure.erase(sam)
    entry.refresh_from_db()
    assert entry.object_repr == f"Former student {sam.pk}"


def test_who_changed_something_in_the_admin_stays_in_its_history(root):
    make_user("rita", type="admin")
    entry = logged("Autumn")
    assert erasure.erase(root) is True
    entry.refresh_from_db()
    assert entry.user.get_full_name() == f"Former student {root.pk}"
