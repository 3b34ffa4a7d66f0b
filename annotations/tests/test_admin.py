"""The inboxes: instructors' notes and authors' reports, and what nobody finds there."""

import csv
import io

import pytest
from django.core import mail
from django.urls import reverse

from annotations.models import Annotation, ProblemReport, SharedNote
from conftest import make_course, make_note, make_user
from grading.models import Instructor

NOTES = reverse("admin:annotations_sharednote_changelist")
REPORTS = reverse("admin:annotations_problemreport_changelist")


def change(note) -> str:
    kind = "problemreport" if note.audience == "authors" else "sharednote"
    return reverse(f"admin:annotations_{kind}_change", args=(note.pk,))


@pytest.fixture
def shared(sam, page, course):
    return make_note(sam, page, "Why a *fox*?", audience="instructors", course=course)


@pytest.fixture
def report(sam, page):
    return make_note(
        sam, page, "It is a cat", audience="authors", motivation="editing", problem="error",
        status="new",
    )  # fmt: skip


@pytest.fixture
def noise(sam, page, course, book):
    """What must not show: a private note, and one of another course."""
    make_note(sam, page, "Private secret")
    other = make_course(book, "Evening")
    Instructor.objects.create(course=other, user=make_user("otto"))
    return make_note(sam, page, "Evening secret", audience="course", course=other)


def test_an_instructor_reads_what_is_shared_with_them(as_user, ines, shared, report, noise):
    shown = as_user(ines).get(NOTES).content.decode()
    assert "Why a *fox*?" in shown
    assert "Sam Tester" in shown
    for secret in ("secret", "It is a cat"):
        assert secret not in shown
    page = as_user(ines).get(change(shared)).content.decode()
    assert "Why a <em>fox</em>?" in page
    assert "quick brown fox" in page


def test_not_even_an_admin_finds_a_private_note(as_user, root, shared, noise):
    shown = as_user(root).get(NOTES, {"q": "secret"}).content.decode()
    assert "Evening secret" in shown
    assert "Private secret" not in shown


def test_a_note_of_another_course_is_not_there(as_user, ines, ada, noise):
    for person in (ines, ada):
        assert as_user(person).get(change(noise)).status_code in (302, 403)
    assert as_user(ada).get(NOTES).status_code == 403


def test_an_instructor_answers_in_the_admin(
    as_user, ines, shared, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        done = as_user(ines).post(change(shared), {"reply": "Foxes **are**.", "_continue": "1"})
    assert done.status_code == 302
    reply = Annotation.objects.get(root=shared)
    assert (reply.user, reply.audience, reply.body) == (ines, "instructors", "Foxes **are**.")
    assert mail.outbox[-1].to == [shared.user.email]
    assert "<strong>are</strong>" in as_user(ines).get(change(shared)).content.decode()


def test_nothing_of_a_students_note_is_changed_by_the_form(as_user, ines, shared):
    as_user(ines).post(change(shared), {"body": "Mine now", "audience": "course", "reply": ""})
    shared.refresh_from_db()
    assert (shared.body, shared.audience) == ("Why a *fox*?", "instructors")


def test_a_reply_that_is_too_long_is_told_in_the_form(as_user, ines, shared):
    answer = as_user(ines).post(change(shared), {"reply": "a" * 10_001})
    assert "10000" in answer.content.decode().replace(",", "")
    assert not Annotation.objects.filter(root=shared).exists()


def act(client, path, action, *notes):
    return client.post(path, {"action": action, "_selected_action": [one.pk for one in notes]})


def test_notes_are_hidden_resolved_and_pinned_in_the_list(as_user, ines, shared):
    client = as_user(ines)
    for action, field in (("hide", "hidden_at"), ("resolve", "resolved_at"), ("pin", "pinned")):
        act(client, NOTES, action, shared)
        shared.refresh_from_db()
        assert getattr(shared, field)
    assert shared.hidden_by == shared.resolved_by == ines


def test_a_list_of_others_notes_cannot_be_acted_on(as_user, ines, noise):
    act(as_user(ines), NOTES, "hide", noise)
    noise.refresh_from_db()
    assert noise.hidden_at is None


def test_the_notes_of_a_course_are_taken_out_with_their_replies(
    as_user, ines, shared, page, course
):
    shared.body = "=1+1"
    shared.save()
    make_note(
        ines, page, "Since.", audience="instructors", course=course, root=shared, parent=shared
    )
    sheet = act(as_user(ines), NOTES, "export", shared).content.decode("utf-8-sig")
    head, note, reply = csv.reader(io.StringIO(sheet))
    cells = dict(zip(head, note, strict=True))
    assert (cells["last name"], cells["text"]) == ("Tester", "'=1+1")
    assert dict(zip(head, reply, strict=True))["in reply to"] == str(shared.uuid)


def test_an_author_reads_the_reports_on_their_book(as_user, ada, ines, eve, report, shared):
    shown = as_user(ada).get(REPORTS).content.decode()
    assert "It is a cat" in shown
    assert "fox*?" not in shown
    assert as_user(ines).get(change(report)).status_code == 302
    assert as_user(eve).get(REPORTS).status_code == 302


def test_fixed_tells_the_reporter(as_user, ada, report, django_capture_on_commit_callbacks):
    client = as_user(ada)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(change(report), {"status": "accepted", "reply": ""})
    assert not mail.outbox
    with django_capture_on_commit_callbacks(execute=True):
        act(client, REPORTS, "mark_fixed", report)
    report.refresh_from_db()
    assert report.status == "fixed"
    (letter,) = mail.outbox
    assert letter.to == [report.user.email]
    assert "fixed" in letter.subject
    with django_capture_on_commit_callbacks(execute=True):
        act(client, REPORTS, "mark_fixed", report)
    assert len(mail.outbox) == 1


def test_a_report_says_when_its_passage_has_changed(as_user, ada, report):
    Annotation.objects.filter(pk=report.pk).update(
        state="changed", quote="quick red fox", displaced_at=report.created_at
    )
    shown = as_user(ada).get(change(report)).content.decode()
    assert "<del>brown</del><ins>red</ins>" in shown
    assert "has changed on" in shown


def test_nobody_adds_or_deletes_notes_here(as_user, root, shared, report):
    client = as_user(root)
    assert client.get(reverse("admin:annotations_sharednote_add")).status_code == 403
    for note in (shared, report):
        kind = "problemreport" if note is report else "sharednote"
        path = reverse(f"admin:annotations_{kind}_delete", args=(note.pk,))
        assert client.post(path, {"post": "yes"}).status_code == 403


def test_the_lists_ask_as_much_of_the_database_for_many_notes(
    as_user, ines, ada, sam, page, course, django_assert_max_num_queries
):
    for person, path, fields in (
        (ines, NOTES, {"audience": "course", "course": course}),
        (ada, REPORTS, {"audience": "authors", "motivation": "editing", "status": "new"}),
    ):
        client, counts = as_user(person), []
        for _round in range(2):
            for _i in range(10):
                make_note(sam, page, **fields)
            with django_assert_max_num_queries(40) as asked:
                assert client.get(path).status_code == 200
            counts.append(len(asked))
        assert counts[0] == counts[1]


def test_the_proxies_hold_what_they_are_for(shared, report, noise):
    assert set(SharedNote.objects.values_list("pk", flat=True)) == {shared.pk, noise.pk}
    assert ProblemReport.objects.get().pk == report.pk


def test_the_inboxes_are_filtered_by_what_has_been_done(as_user, ines, ada, shared, report):
    def listed(person, path, **asked):
        shown = as_user(person).get(path, asked)
        assert shown.status_code == 200
        return len(shown.context["cl"].result_list)

    for field in ("hidden_at", "resolved_at"):
        assert listed(ines, NOTES, **{f"{field}__isempty": "1"})
        assert not listed(ines, NOTES, **{f"{field}__isempty": "0"})
    assert listed(ada, REPORTS, displaced_at__isempty="1")
    assert not listed(ada, REPORTS, displaced_at__isempty="0")
    html = as_user(ines).get(NOTES).content.decode()
    assert "only me" not in html
