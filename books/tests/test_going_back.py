"""After an edition and back again, everything that people gave stands where it stood."""

import random
import uuid
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from annotations.models import Annotation
from bookbinder.sphinx import manifest as m
from bookbinder.tests.support import noting
from bookbinder.tests.support.random_editions import Edition
from bookbinder.tests.support.seeds import seeds
from bookbinder.tests.support.syncing import sync
from books.models import Book, Page, Question, Release
from conftest import enroll, make_course, make_override, make_user
from grading import answering
from grading.models import Answer, Attempt

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def publish(edition: Edition, folder) -> int:
    """Publish an edition, whatever its plan deletes; return the release."""
    edition.write(folder)
    (folder / m.FILE_NAME).write_bytes(m.dumps(edition.manifest()))
    code, out, err = sync(folder, "--noinput", "--delete-user-data")
    assert code == 0, out + err
    return Book.objects.values_list("release", flat=True).get()


def go_back(release: int) -> None:
    """Go back, which must not ask to delete anything."""
    code, out, err = sync("--release", release, "--noinput")
    assert code == 0, out + err


def given() -> dict[str, list]:
    """Return all that people gave, with the names of what it belongs to."""
    where = ("question__page__url", "question__label")
    return {
        "answers": sorted(Answer.objects.values_list("pk", *where, "string", "points")),
        "attempts": sorted(Attempt.objects.values_list("pk", *where, "string", "points")),
        "notes": sorted(
            Annotation.objects.values_list("pk", "page__url", "start", "end", "quote", "state")
        ),
    }


@pytest.fixture
def sam(db):
    return make_user("sam")


def give(sam, chance: random.Random) -> None:
    """Answer each question, and write notes on each page."""
    course = Book.objects.get().courses.first() or make_course(Book.objects.get())
    enroll(sam, course)
    for question in Question.objects.select_related("page"):
        if question.grader == "number":
            answering.answer(sam, question, str(chance.randrange(9)), uuid.uuid4())
    for page in Page.objects.select_related("book__release"):
        for _note in range(3):
            noting.write(chance, sam, page)


@pytest.mark.parametrize("seed", seeds(12))
def test_there_and_back_nothing_has_moved(seed, sam, tmp_path, data_dir):
    edition = Edition(seed)
    first = publish(edition, tmp_path)
    give(sam, edition.chance)
    before = given()
    for _edition in range(3):
        edition.change()
        publish(edition, tmp_path)
    meanwhile = given()
    go_back(first)
    after = given()
    assert after["notes"] == before["notes"]
    for what in ("answers", "attempts"):
        # An author has removed the others, and has confirmed it.
        left = {row[0] for row in meanwhile[what]}
        assert after[what] == [row for row in before[what] if row[0] in left]


def edited(edition: Edition, **questions) -> None:
    """Change the first question of the book, on the page that has one."""
    number = next(at for at, page in enumerate(edition.pages) if page.questions)
    page = edition.pages[number]
    first = page.questions[0]._replace(**questions)
    edition.pages[number] = page._replace(questions=(first, *page.questions[1:]))


def test_two_pages_without_ids_come_back_with_their_answers(sam, tmp_path, data_dir):
    """The first release's own manifest does not know the page ids that its sync drew."""
    edition = Edition(1)
    first = publish(edition, tmp_path)
    give(sam, edition.chance)
    before = given()
    ids = {page.url: page.source_id for page in Page.objects.all()}
    edition.pages = [
        page._replace(
            url=f"new-{page.url}", docname=f"new-{page.url}", page_id=ids[page.url],
            fingerprint=edition.rewritten(page.fingerprint),
        )
        for page in edition.pages
    ]  # fmt: skip
    publish(edition, tmp_path)
    go_back(first)
    assert given() == before
    assert {page.url: page.source_id for page in Page.objects.all()} == ids


def test_a_question_that_was_relabelled_and_reworded_keeps_its_answers(sam, tmp_path, data_dir):
    edition = Edition(1)
    first = publish(edition, tmp_path)
    give(sam, edition.chance)
    before = given()
    assert before["answers"]
    label = next(page for page in edition.pages if page.questions).questions[0].label
    edited(edition, label="other", fingerprint=edition.fresh(), was=label)
    publish(edition, tmp_path)
    assert given() != before
    go_back(first)
    assert given() == before


def test_what_nobody_can_add_to_a_release_is_not_advised(sam, tmp_path, data_dir):
    edition = Edition(1)
    first = publish(edition, tmp_path)
    label = next(page for page in edition.pages if page.questions).questions[0].label
    edited(edition, label="other", was=label)
    publish(edition, tmp_path)
    Release.objects.update(names={})  # as an earlier version left them
    code, out, _err = sync("--release", first, "--dry-run")
    assert code == 4 and ":was:" not in out.replace("(by :was:)", "")


def test_an_archive_names_the_question_that_is_gone_and_loads_the_rest(sam, tmp_path, data_dir):
    edition = Edition(1)
    publish(edition, tmp_path)
    give(sam, edition.chance)
    grader = make_user("grader")
    for answer in Answer.objects.all():
        make_override(answer, 1, created_by=grader)
    before = given()
    kept = edition.pages
    edition.pages = edition.pages[:1]
    publish(edition, tmp_path)
    (archive,) = (data_dir / "archives").iterdir()
    lost = [row for row in before["answers"] if row not in given()["answers"]]
    assert len(lost) > 2
    gone = lost[0]
    # One question does not come back, and one was relabelled meanwhile.
    edition.pages = [
        page._replace(questions=tuple(q for q in page.questions if q.label != gone[2]))
        if page.url == gone[1] else page
        for page in kept
    ]  # fmt: skip
    publish(edition, tmp_path)
    grader.delete()
    renamed = Question.objects.get(page__url=lost[-1][1], label=lost[-1][2])
    Question.objects.filter(pk=renamed.pk).update(label="now", former_labels=[renamed.label])
    out, err = StringIO(), StringIO()
    call_command("load_archive", archive, stdout=out, stderr=err)
    assert f"the question random/random/{gone[1]}#{gone[2]} is not in the book" in err.getvalue()
    assert f"answers: {len(lost) - 1} brought back" in out.getvalue()
    after = [row for row in given()["answers"] if row[0] != gone[0]]
    assert [row[0] for row in after] == [row[0] for row in before["answers"] if row[0] != gone[0]]
    assert renamed.overrides.get().created_by is None
    # Once more changes nothing.
    call_command("load_archive", archive, stdout=StringIO(), stderr=err)
    assert [row for row in given()["answers"] if row[0] != gone[0]] == after
    assert "they are there already" in err.getvalue()


@pytest.mark.parametrize("text", ["", "[1]", '[{"model": "x.y", "pk": 1, "fields": {}}]', "ÿ"])
def test_what_is_no_archive_is_refused(text, tmp_path, db):
    path = tmp_path / "archive.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(CommandError, match="is no archive"):
        call_command("load_archive", path)
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("load_archive", tmp_path / "nothing.json")
