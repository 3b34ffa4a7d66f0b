"""The deletion of an account: what goes, what stays without a name, and what others keep."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.personal_data import erasure, table
from accounts.personal_data.erasure import ErasureError, Plan
from accounts.personal_data.table import Erasure
from annotations.models import Annotation
from billing.models import Payment
from bookbinder.tests.support import life
from books.models import Edition, Release
from books.sync.follower import registered_followers
from conftest import PASSWORD, enroll, lay_page, make_course, make_note, make_user
from grading import gradebook
from grading.models import (
    Answer,
    Attempt,
    Course,
    Enrollment,
    Invitation,
    Override,
    RuleChange,
)


@pytest.fixture
def lived(sam, course, page, adding, enrollment):
    life.live(sam, course, page, adding)
    return sam


def close(course, days):
    Course.objects.filter(pk=course.pk).update(closes_at=timezone.now() - timedelta(days=days))


def whole_database() -> str:
    """Return all texts in the database, of every table."""
    found = []
    for model in apps.get_models():
        for values in model._base_manager.values_list():
            found += [str(value) for value in values]
    return "\n".join(found)


def test_what_others_need_stays_without_a_name(lived, course):
    before = gradebook.rows(course)
    assert erasure.erase(lived) is True
    lived.refresh_from_db()
    former = f"Former student {lived.pk}"
    assert (lived.get_full_name(), lived.is_active) == (former, False)
    assert lived.email.endswith(".invalid") and not lived.has_usable_password()
    after = gradebook.rows(course)
    names = [lived.email, f"student {lived.pk}", "Former"]
    assert sorted(row[3:] for row in after[2:]) == sorted(row[3:] for row in before[2:])
    assert names in [row[:3] for row in after]
    assert Attempt.objects.filter(enrollment__user=lived, enrollment__course=course).exists()
    assert Payment.objects.get(user=lived).amount == 900
    for entry in table.entries():
        if entry.erasure is Erasure.DELETED:
            assert not entry.rows_of(lived).exists(), entry.model
    assert not Enrollment.objects.filter(user=lived, origin="test").exists()


def test_nothing_names_the_person_any_more(lived):
    assert "sam@example.org" in whole_database()
    erasure.erase(lived)
    text = whole_database()
    text = text.replace("not-sam@example.org", "")
    for trace in ("sam@", "Sam", "old@example.org", "Former-Name", "sam-at-uni", "of sam"):
        assert trace not in text, re.findall(f".*{trace}.*", text)
    assert "una@example.org: numbers#adding" in text
    assert len(Edition.objects.get().names) == 2
    history = LogEntry.objects.exclude(user=lived)
    assert {entry.object_repr for entry in history} == {f"Former student {lived.pk}", "Autumn"}


def test_an_address_that_was_never_proven_erases_nothing_of_its_owner(course, eve):
    EmailAddress.objects.create(user=eve, email="dean@example.org", verified=False)
    User.objects.filter(pk=eve.pk).update(email="dean@example.org")
    Invitation.objects.create(course=course, email="dean@example.org", role="instructor")
    erasure.erase(eve)
    assert Invitation.objects.count() == 1


def test_nobody_blocks_an_erasure_by_their_user_name(lived):
    make_user("eva", username=f"former-student-{lived.pk}")
    assert erasure.erase(lived) is True


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
def test_rows_are_locked_in_the_order_of_a_sync(lived):
    def locks(work) -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            work()
        found = [re.search(r'FROM "(\w+)".* FOR ', one["sql"]) for one in asked]
        return [match[1] for match in found if match and match[1] != "accounts_user"]

    plan = SimpleNamespace(projects=["tiny"])

    def as_a_sync() -> None:
        for follower in registered_followers():
            follower.lock_rows(plan)

    with transaction.atomic():
        order = locks(as_a_sync)
    assert order == ["grading_course", "grading_enrollment", "books_book"]
    assert locks(lambda: erasure.erase(lived)) == order[1:]  # it locks no course


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
@pytest.mark.django_db(transaction=True)
def test_the_last_two_admins_do_not_erase_each_other():
    admins = [make_user(name, type="admin") for name in ("root", "rita")]
    both = threading.Barrier(2)

    def erase(user) -> bool:
        both.wait()
        try:
            erasure.erase(user)
        except ErasureError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(erase, admins)) == [False, True]
    assert User.objects.filter(type="admin").count() == 1


# An older object of the account, as another request may have it.


def test_an_older_object_brings_nobody_back(lived):
    older = User.objects.get(pk=lived.pk)
    erasure.erase(lived)
    with pytest.raises(IntegrityError), transaction.atomic():
        older.save()
    assert User.objects.get(pk=lived.pk).first_name == "Former"


def test_an_older_object_is_not_inserted_again(sam):
    older = User.objects.get(pk=sam.pk)
    Enrollment.objects.all().delete()
    erasure.erase(sam)
    with pytest.raises(DatabaseError), transaction.atomic():
        older.set_password("another password")
        older.save()
    assert not User.objects.filter(pk=sam.pk).exists()


def test_an_older_object_does_not_take_the_request_back(sam):
    older = User.objects.get(pk=sam.pk)
    due = erasure.ask(sam)
    older.save()
    assert User.objects.get(pk=sam.pk).erasure_due_at == due


def test_who_did_something_to_rows_of_others_is_not_named(lived):
    erasure.erase(lived)
    assert list(Release.objects.filter(folder="r2").values_list("created_by")) == [(None,)]
    assert Edition.objects.get().created_by is None
    assert Invitation.objects.get(email="new@example.org").invited_by is None
    assert not Override.objects.exclude(created_by=None).exists()
    assert not RuleChange.objects.exclude(created_by=None).exists()
    vic = Annotation.objects.get(body="A note of Vic.")
    assert (vic.hidden_by, vic.resolved_by) == (None, None)
    assert vic.hidden_at is None or vic.resolved_at is None or vic.body


def test_replies_of_others_stay_under_deleted_notes(lived, ines, as_user, page):
    lay_page(page)
    erasure.erase(lived)
    left = {note.body: note for note in Annotation.objects.exclude(user__first_name="Vic")}
    assert set(left) == {"", "A reply of Una."}
    assert left[""].deleted_at and left[""].html == "" and left["A reply of Una."].root == left[""]
    shown = as_user(ines).get(f"/notes/on/{page.book.project}/{page.docname}").content.decode()
    assert "A reply of Una." in shown and "Deleted note" in shown
    assert "Somebody has replied" not in shown and "Sam" not in shown


def test_without_a_reason_the_account_itself_goes(sam, course, adding, enrollment, page):
    life.answer_all(enrollment, adding)
    make_note(sam, page)
    close(course, 366)
    assert erasure.make_plan(sam).reasons == ()
    assert {line.erasure for line in erasure.make_plan(sam).lines} == {Erasure.DELETED}
    assert erasure.erase(sam) is False
    assert "sam@" not in whole_database()
    for model in (Enrollment, Attempt, Answer, Annotation):
        assert not model.objects.exists()


def has_payment(sam, course, page):
    Payment.objects.create(user=sam, course=course, amount=1, currency="eur", status="failed")


def has_replies(sam, course, page):
    note = make_note(sam, page)
    make_note(make_user("una"), page, root=note, parent=note)


def has_a_recent_course(sam, course, page):
    close(course, 364)


def is_test_student(sam, course, page):
    enroll(sam, make_course(course.book, "Winter"), origin="test")


def has_a_deleted_reply(sam, course, page):
    note = make_note(sam, page)
    gone = make_note(make_user("una"), page, "", root=note, parent=note, deleted_at=timezone.now())
    make_note(sam, page, root=note, parent=gone)


@pytest.mark.parametrize(
    ("what", "number"),
    [
        (has_payment, 1),
        (has_replies, 1),
        (has_a_recent_course, 1),
        (is_test_student, 0),
        (has_a_deleted_reply, 0),
    ],
)
def test_the_plan_says_what_the_deletion_does(sam, course, page, enrollment, what, number):
    close(course, 366)
    what(sam, course, page)
    plan = erasure.make_plan(sam)
    assert len(plan.reasons) == number
    assert erasure.erase(sam) is bool(number)
    assert User.objects.filter(pk=sam.pk).exists() is bool(number)


def test_the_plan_counts(lived):
    plan = erasure.make_plan(lived)
    numbers = {line.title: (line.number, line.erasure) for line in plan.lines}
    assert numbers["Notes, highlights and replies"] == (3, Erasure.EMPTIED)
    assert numbers["Books of which you are an author"] == (1, Erasure.DELETED)
    assert len(plan.reasons) == 4
    assert plan.named_in == 7


def test_an_account_without_a_name_goes_with_the_last_of_its_rows(lived, course):
    erasure.erase(lived)
    assert erasure.forget_nameless() == 0
    Payment.objects.all().delete()
    LogEntry.objects.filter(user=lived).delete()
    Annotation.objects.filter(root__user=lived, user__first_name="Una").delete()
    Annotation.objects.filter(user=lived).delete()
    assert erasure.forget_nameless() == 0
    Annotation.objects.all().delete()
    course.delete()
    assert erasure.forget_nameless() == 1
    assert not User.objects.filter(pk=lived.pk).exists()


def test_nobody_signs_in_to_an_account_without_a_name(lived, client, page):
    assert client.login(email=lived.email, password=PASSWORD)
    erasure.erase(lived)
    assert client.get("/notes/").status_code == 302  # the session has ended
    lived.refresh_from_db()
    assert not client.login(email=lived.email, password=PASSWORD)
    mail.outbox.clear()
    client.post("/accounts/password/reset/", {"email": lived.email})
    assert mail.outbox == []


def test_the_person_can_come_back_as_somebody_new(lived):
    erasure.erase(lived)
    again = make_user("sam")
    assert again.pk != lived.pk and not again.enrollments.exists()


def test_the_last_letter_goes_to_the_old_address(lived, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase(lived)
    assert [(letter.to, letter.subject) for letter in mail.outbox] == [
        (["sam@example.org"], "Your account has been deleted")
    ]


def test_nothing_is_sent_to_an_account_without_a_name(lived):
    from billing.mail import send_status
    from billing.stripe_client import Checkout

    erasure.erase(lived)
    mail.outbox.clear()
    payment = Payment.objects.get()
    payment.status = "refunded"
    send_status(payment, Checkout.__new__(Checkout), "paid")
    assert mail.outbox == []


def test_the_only_admin_stays(root):
    with pytest.raises(ErasureError, match="Make somebody else an admin"):
        erasure.erase(root)
    make_user("rita", type="admin")
    assert erasure.erase(root) is False


def test_what_was_asked_for_is_done_in_two_weeks(lived, eve):
    due = erasure.ask(lived)
    assert due - timezone.now() > timedelta(days=13, hours=23)
    assert erasure.erase_due() == 0
    later = erasure.ask(lived)
    assert later == due  # asking again begins no new time
    User.objects.filter(pk=lived.pk).update(erasure_due_at=timezone.now())
    assert erasure.erase_due() == 1
    assert erasure.erase_due() == 0
    assert User.objects.get(pk=lived.pk).erased_at


def test_who_changes_their_mind_at_the_last_moment_is_kept(sam, eve, monkeypatch):
    User.objects.update(erasure_due_at=timezone.now())
    erase = erasure.erase

    def erase_while_eve_changes_her_mind(user):
        erasure.keep(eve)
        return erase(user)

    assert sam.pk < eve.pk
    monkeypatch.setattr(erasure, "erase", erase_while_eve_changes_her_mind)
    assert erasure.erase_due() == 1
    assert User.objects.get(pk=eve.pk).email == "eve@example.org"


def test_an_account_that_cannot_be_deleted_does_not_stop_others(root, eve):
    User.objects.update(erasure_due_at=timezone.now())
    with pytest.raises(ErasureError, match=f"account {root.pk}: This is the only admin"):
        erasure.erase_due()
    assert list(User.objects.all()) == [root]


def test_a_failure_changes_nothing(lived, monkeypatch):
    before = sorted(whole_database().splitlines())

    def fail(user):
        raise RuntimeError("no")

    monkeypatch.setattr(erasure, "_make_nameless", fail)
    with pytest.raises(RuntimeError):
        erasure.erase(lived)
    assert sorted(whole_database().splitlines()) == before
    assert mail.outbox == []


def test_an_operator_erases_a_person(lived, capsys, monkeypatch):
    call_command("erase_person", lived.email, dry_run=True)
    shown = capsys.readouterr().out
    assert "Notes, highlights and replies: 3 (emptied)" in shown
    assert "The account stays, without a name: you have paid." in shown
    monkeypatch.setattr("builtins.input", lambda text: "yes")
    with pytest.raises(CommandError, match="Nothing was deleted"):
        call_command("erase_person", lived.email)
    assert User.objects.filter(email=lived.email).exists()
    monkeypatch.setattr("builtins.input", lambda text: "Sam@example.org")
    call_command("erase_person", lived.email)
    assert "The account has lost its name." in capsys.readouterr().out
    with pytest.raises(CommandError, match="no account"):
        call_command("erase_person", lived.email, yes=True)


def test_a_plan_of_nobody_is_empty(eve):
    (account,) = erasure.make_plan(eve).lines
    assert erasure.make_plan(eve) == Plan((account,), (), 0)
