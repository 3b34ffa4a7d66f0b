"""Notes without JavaScript: the same rights and rules as in the reader."""

import re
import uuid

import pytest

from annotations import page_texts
from annotations.models import Annotation
from annotations.rendering import body_fields
from conftest import lay_page, make_course, make_note, make_user
from grading.models import Course, Enrollment, Instructor

PLACE = "/notes/on/tiny/numbers"


def option(client, words: str) -> str:
    """Return the value of the passage that begins like this, as the form offers it."""
    html = client.get(PLACE).content.decode()
    return re.findall(rf'<option value="([^"]+)"[^>]*>{re.escape(words)}', html)[0]


def fields(**over):
    given = {"uuid": str(uuid.uuid4()), "body": "Why a **fox**?", "readers": "private"}
    return {"passage": "", "tags": "", "problem": ""} | given | over


@pytest.fixture
def two_blocks(page):
    lay_page(page, "<h1>Foxes</h1><p>The quick brown fox &amp; 🦊.</p><p>It sleeps.</p>")
    return page


def test_a_note_is_written_on_a_passage_of_the_list(as_user, sam, two_blocks):
    client = as_user(sam)
    sent = fields(passage=option(client, "It sleeps"), tags="den, night,")
    answer = client.post(PLACE, sent, follow=True)
    note = Annotation.objects.get()
    assert (note.quote, note.tags, note.audience) == ("It sleeps.", ["den", "night"], "private")
    assert "Why a <strong>fox</strong>?" in answer.content.decode()
    client.post(PLACE, sent)  # a second press of the button
    assert Annotation.objects.count() == 1


def test_a_note_on_the_whole_page_has_no_passage(as_user, sam, two_blocks):
    as_user(sam).post(PLACE, fields())
    note = Annotation.objects.get()
    assert (note.quote, note.start) == ("", None)


def test_readers_are_those_that_the_person_may_write_to(as_user, sam, ines, eve, laid, course):
    def values(person):
        html = as_user(person).get(PLACE).content.decode()
        return set(re.findall(r'value="((?:private|instructors|course|authors)[:\d]*)"', html))

    shared = {f"instructors:{course.pk}", f"course:{course.pk}"}
    assert values(sam) == {"private", "authors"} | shared
    course.course_notes = "off"
    course.save()
    assert values(sam) == {"private", "authors", f"instructors:{course.pk}"}
    assert values(ines) == {"private", "authors"} | shared
    assert as_user(eve).get(PLACE).status_code == 404
    other = make_course(laid.book, "Evening")
    as_user(sam).post(PLACE, fields(readers=f"course:{other.pk}"))
    assert not Annotation.objects.exists()


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"body": " "}, "Write something first."),
        ({"body": "é" * 5_001}, "at most 10000 bytes"),
        ({"readers": "authors"}, "Say what kind of problem it is."),
        ({"readers": "everybody", "body": "Kept"}, "Select a valid choice"),
        ({"tags": "a" * 41}, "A tag has 1 to 40 characters"),
        ({"passage": "4-0123456789"}, "The page has changed."),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_lost(as_user, sam, laid, over, told):
    sent = fields(**over)
    shown = as_user(sam).post(PLACE, sent).content.decode()
    assert told in shown.replace(",", "")
    assert sent["body"] in shown
    assert not Annotation.objects.exists()


def test_a_passage_that_an_edition_has_changed_is_not_taken_for_another(as_user, sam, two_blocks):
    client = as_user(sam)
    chosen = option(client, "It sleeps")
    lay_page(two_blocks, "<h1>Foxes</h1><p>The quick brown fox &amp; 🦊.</p><p>It wakes.</p>")
    page_texts._published.cache_clear()
    shown = client.post(PLACE, fields(passage=chosen, body="About sleep")).content.decode()
    assert "The page has changed." in shown
    assert "About sleep" in shown
    assert not Annotation.objects.exists()


def test_a_problem_is_reported(as_user, sam, laid):
    as_user(sam).post(PLACE, fields(readers="authors", problem="typo"))
    report = Annotation.objects.get()
    assert (report.motivation, report.problem, report.status) == ("editing", "typo", "new")


def test_no_name_stands_where_a_classmate_hides_it(as_user, sam, laid, course):
    assert "Hide my name" not in as_user(sam).get(PLACE).content.decode()
    Course.objects.update(course_notes="anonymous")
    sent = fields(readers=f"course:{course.pk}", anonymous="on")
    assert as_user(sam).post(PLACE, sent).status_code == 302
    mate = make_user("mate")
    Enrollment.objects.create(user=mate, course=course, origin="free")
    shown = as_user(mate).get(PLACE).content.decode()
    assert "A classmate" in shown
    assert "Sam" not in shown
    make_note(sam, laid, "Private secret")
    assert "secret" not in as_user(mate).get(PLACE).content.decode()


def test_a_reply_hides_its_writers_name_where_a_note_may(as_user, sam, laid, course):
    mate = make_user("mate")
    Enrollment.objects.create(user=mate, course=course, origin="free")
    note = make_note(sam, laid, "Why?", audience="course", course=course)
    place = f"/notes/{note.uuid}/reply/"
    assert "Hide my name" not in as_user(mate).get(place).content.decode()
    as_user(mate).post(place, fields(body="With my name.", anonymous="on"))
    assert not Annotation.objects.get(body="With my name.").anonymous
    Course.objects.update(course_notes="anonymous")
    assert "Hide my name" in as_user(mate).get(place).content.decode()
    as_user(mate).post(place, fields(body="Without it.", anonymous="on"))
    Annotation.objects.filter(body="With my name.").delete()
    shown = as_user(sam).get(PLACE).content.decode()
    assert "Without it." in shown
    assert "A classmate" in shown
    assert "Mate" not in shown


def test_a_note_is_answered_changed_and_deleted_by_who_may(as_user, sam, ines, eve, laid, course):
    note = make_note(sam, laid, "Why?", audience="instructors", course=course, tags=["a"])
    place = f"/notes/{note.uuid}"
    assert as_user(ines).post(f"{place}/reply/", fields(body="Since.")).status_code == 302
    reply = Annotation.objects.get(root=note)
    assert (reply.user, reply.audience) == (ines, "instructors")
    for person, status in ((ines, 403), (eve, 404)):
        for act in ("change", "delete"):
            assert as_user(person).post(f"{place}/{act}/", fields()).status_code == status
    client = as_user(sam)
    form = client.get(f"{place}/change/").content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', form).group(1)
    sent = fields(body="Why so?", readers=f"instructors:{course.pk}", seen=seen, tags="a, b")
    assert client.post(f"{place}/change/", sent).status_code == 302
    note.refresh_from_db()
    assert (note.body, note.tags, note.quote) == ("Why so?", ["a", "b"], "quick brown fox")
    assert client.post(f"{place}/delete/").status_code == 302
    shown = client.get(PLACE).content.decode()
    assert "Deleted note" in shown
    assert "Why so?" not in shown
    assert "Since." in shown


def test_a_note_that_was_changed_elsewhere_is_shown_with_both_texts(as_user, sam, laid):
    note = make_note(sam, laid, "First words")
    client, place = as_user(sam), f"/notes/{note.uuid}/change/"
    seen = re.search(r'name="seen" value="([^"]+)"', client.get(place).content.decode()).group(1)
    vars(note).update(body_fields("Words of elsewhere"))
    note.save()
    shown = client.post(place, fields(body="Words of here", seen=seen)).content.decode()
    assert "Words of elsewhere" in shown and "Words of here" in shown
    now = re.search(r'name="seen" value="([^"]+)"', shown).group(1)
    assert now != seen
    client.post(place, fields(body="Words of here", seen=now))
    note.refresh_from_db()
    assert note.body == "Words of here"


def test_a_highlight_stays_one_when_it_gets_a_tag(as_user, sam, laid):
    note = make_note(sam, laid, "", motivation="highlighting")
    client, place = as_user(sam), f"/notes/{note.uuid}/change/"
    seen = re.search(r'name="seen" value="([^"]+)"', client.get(place).content.decode()).group(1)
    assert client.post(place, fields(body="", seen=seen, tags="animals")).status_code == 302
    note.refresh_from_db()
    assert (note.motivation, note.tags) == ("highlighting", ["animals"])


def test_a_note_keeps_readers_that_no_new_one_could_have(as_user, sam, laid, course):
    note = make_note(sam, laid, "Old", audience="course", course=course)
    Course.objects.update(course_notes="off")
    html = as_user(sam).get(f"/notes/{note.uuid}/change/").content.decode()
    assert f'value="course:{course.pk}" selected' in html


def test_acts_are_for_whom_they_are_for(as_user, sam, ines, eve, laid, course):
    note = make_note(sam, laid, audience="course", course=course)
    place = f"/notes/{note.uuid}/do"
    assert as_user(sam).post(f"{place}/hide/").status_code == 403
    assert as_user(eve).post(f"{place}/hide/").status_code == 404
    assert as_user(ines).post(f"{place}/dance/").status_code == 404
    assert as_user(ines).post(f"{place}/hide/").status_code == 302
    note.refresh_from_db()
    assert note.hidden_by == ines
    assert "hidden from the course" in as_user(sam).get(PLACE).content.decode()


def test_an_orphan_takes_the_place_suggested_from_the_list(as_user, sam, laid):
    place = {"page": laid.pk, "start": 20, "end": 25, "quote": "jumps"}
    note = make_note(sam, laid, state="orphan", start=None, end=None, suggestion=place)
    assert "Put it there" in as_user(sam).get("/notes/").content.decode()
    as_user(sam).post(f"/notes/{note.uuid}/do/accept/")
    note.refresh_from_db()
    assert (note.quote, note.state) == ("jumps", "changed")


def test_sixty_notes_a_minute_are_as_many_as_one_may_send(as_user, sam, laid):
    client = as_user(sam)
    for _i in range(60):
        client.post(PLACE, fields())
    shown = client.post(PLACE, fields(body="One too many")).content.decode()
    assert "Too many notes in one minute." in shown
    assert "One too many" in shown
    assert Annotation.objects.count() == 60


def test_a_form_of_another_site_writes_nothing(client, sam, laid):
    client.handler.enforce_csrf_checks = True
    client.force_login(sam, backend="accounts.access.RulesBackend")
    assert client.post(PLACE, fields()).status_code == 403
    assert not Annotation.objects.exists()


def test_the_page_asks_as_much_of_the_database_for_many_notes(
    as_user, sam, laid, course, django_assert_max_num_queries
):
    client, counts = as_user(sam), []
    for _round in range(2):
        for _i in range(10):
            make_note(sam, laid, audience="course", course=course)
        with django_assert_max_num_queries(15) as asked:
            assert client.get(PLACE).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_several_courses_are_told_apart_by_their_names(as_user, sam, laid, course):
    evening = make_course(laid.book, "Evening")
    Instructor.objects.create(course=evening, user=sam)
    shown = as_user(sam).get(PLACE).content.decode()
    for name in ("Autumn", "Evening"):
        assert f"My whole course: {name}" in shown
