"""The table of what happens to a person's data, and the export of it."""

import io
import json
import zipfile
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import EmailField, ForeignKey, OneToOneField

from accounts.models import User
from accounts.personal_data import export, table
from accounts.personal_data.table import Erasure
from bookbinder.tests.support import life
from bookbinder.tests.support.builds import ROOT
from books.models import Question
from books.sync.follower import registered_followers
from conftest import enroll, make_user
from grading import gradebook
from grading.models import Enrollment, Invitation

ABOUT = (User, Enrollment, Question)


def references(model):
    """Return the foreign keys of a model, by the model that each refers to."""
    fields = model._meta.concrete_fields
    return [field for field in fields if isinstance(field, ForeignKey | OneToOneField)]


def leads_to(model, seen=()):
    """Return whether a row of the model leads to a person, an enrollment or a question.

    Who has published the release of a book has nothing to do with the rows of the book.
    """
    for field in references(model):
        target = field.related_model
        if seen and model in ENTRIES and field.name in ENTRIES[model].named_in:
            continue
        if target in ABOUT or (target not in seen and leads_to(target, (*seen, model))):
            return True
    return False


def models():
    found = [model for model in apps.get_models() if model._meta.managed]
    return [model for model in found if not model._meta.proxy]


ENTRIES = {entry.model: entry for entry in table.entries()}


def test_every_model_that_leads_to_a_person_an_enrollment_or_a_question_is_in_the_table():
    by_address = {
        model
        for model in models()
        if any(isinstance(field, EmailField) for field in model._meta.concrete_fields)
    }
    expected = {model for model in models() if leads_to(model)} | by_address | {User}
    assert set(ENTRIES) == expected
    assert len(ENTRIES) == len(table.entries())


@pytest.mark.parametrize("model", ENTRIES, ids=lambda model: model.__name__)
def test_every_way_from_a_row_to_a_person_is_said(model):
    entry = ENTRIES[model]
    people = {field.name for field in references(model) if field.related_model is User}
    assert people == {*entry.named_in, *({entry.person} & people)}
    if entry.person and entry.model is not User:
        target = model
        for name in entry.person.split("__"):
            target = target._meta.get_field(name).related_model
        assert target is User
    enrollment = [field for field in references(model) if field.related_model is Enrollment]
    assert bool(entry.enrollment) >= bool(enrollment)
    assert bool(entry.person or entry.find) == bool(entry.title) == entry.is_exported
    assert (entry.erasure is Erasure.NOTHING) == (not entry.title)


@pytest.fixture
def lived(sam, course, page, adding, enrollment):
    life.live(sam, course, page, adding)
    return sam


def test_the_archive_of_a_sync_has_the_rows_that_the_table_says(lived, adding):
    plan = SimpleNamespace(losses=[SimpleNamespace(question_id=adding.pk)])
    archived = {rows.model for follower in registered_followers() for rows in follower.going(plan)}
    assert archived == {model for model, entry in ENTRIES.items() if entry.is_archived}


def test_no_data_of_a_person_is_copied_with_a_course():
    copied = [entry for entry in ENTRIES.values() if entry.is_copied]
    assert copied and all(not entry.title and not entry.named_in for entry in copied)


def test_a_test_student_is_in_no_gradebook_and_takes_no_seat(course, adding, enrollment):
    before = gradebook.rows(course), course.enrollments.seated().count()
    life.answer_all(enroll(make_user("tess"), course, origin="test"), adding)
    for entry in ENTRIES.values():
        if entry.enrollment:
            lookup = "origin" if entry.enrollment == "pk" else f"{entry.enrollment}__origin"
            assert entry.model._base_manager.filter(**{lookup: "test"}).count() == 1
    assert (gradebook.rows(course), course.enrollments.seated().count()) == before


def everything(user) -> dict:
    return json.loads("".join(export.as_json(user)))["data"]


def test_the_export_has_rows_of_every_model_and_nothing_of_others(lived):
    data = everything(lived)
    assert set(data) == {model._meta.label_lower for model, entry in ENTRIES.items() if entry.title}
    assert all(data.values()), [name for name, rows in data.items() if not rows]
    for entry in ENTRIES.values():
        if entry.title:
            number = entry.rows_of(lived).count()
            assert len(data[entry.model._meta.label_lower]) == number, entry.model
    attempt = data["grading.attempt"][0]
    assert (attempt["course"], attempt["page"], attempt["answer"]) == ("Autumn", "numbers", "4")
    assert data["annotations.annotation"][0]["body"] == "Nobody has replied."
    text = json.dumps(data)
    for others in ("una@", "Una", "vic@", "Vic", "roy@", "A reply of Una"):
        assert others not in text
    for secret in ("token of sam", "seed of sam", "key of sam", "a link for sam", lived.password):
        assert secret not in text


def test_the_export_of_a_stranger_has_nothing_of_the_student(lived, eve):
    data = everything(eve)
    assert [name for name, rows in data.items() if rows] == ["accounts.user"]
    assert "sam" not in json.dumps(data).lower()


def test_an_invitation_to_an_address_that_was_not_proven_is_not_exported(course, eve):
    from allauth.account.models import EmailAddress

    EmailAddress.objects.create(user=eve, email="dean@example.org", verified=False)
    Invitation.objects.create(course=course, email="dean@example.org")
    assert everything(eve)["grading.invitation"] == []


def test_the_archive_has_files_for_people(lived):
    file = io.BytesIO()
    export.write_zip(lived, file)
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["data.json", "answers.csv", "notes.md"]
        table = archive.read("answers.csv").decode("utf-8-sig").splitlines()
        assert table[0] == "course,book,page,question,answer,points,answered"
        assert table[1].startswith("Autumn,Tiny,numbers,adding,4,1,2")
        assert "Nobody has replied." in archive.read("notes.md").decode()
        assert json.loads(archive.read("data.json"))["data"]["accounts.user"]


def test_choices_are_exported_in_words(lived, page, enrollment):
    from conftest import make_feedback, make_question

    question = make_question(page, "pick", grader="choice", points_possible=Decimal(1))
    make_feedback(question, "Blue", key="k1")
    life.answer_all(enrollment, question, "k1")
    given = [row for row in everything(lived)["grading.answer"] if row["question"] == "pick"]
    assert [(row["answer"], row["in_words"]) for row in given] == [("k1", "Blue")]


def test_an_operator_exports_a_person(lived, tmp_path, capsys):
    path = tmp_path / "sam.zip"
    call_command("export_person", "SAM@example.org", to=path)
    assert path.stat().st_mode & 0o077 == 0
    assert "sam@example.org: written to" in capsys.readouterr().out
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("data.json"))["data"] == everything(lived)
    before = path.read_bytes()
    for email, to in (("sam@example.org", path), ("no@example.org", tmp_path / "other.zip")):
        with pytest.raises(CommandError, match=r"File exists|no account"):
            call_command("export_person", email, to=to)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".zip"] == ["sam.zip"]


def test_the_guide_has_the_table():
    text = (ROOT / "docs/operators/personal-data.rst").read_text()
    shown = text.partition("     - Test students\n")[2].partition("\n\n")[0]
    assert shown == "\n".join(map(_in_guide, ENTRIES.values())), "\n" + "\n".join(
        map(_in_guide, ENTRIES.values())
    )


def _in_guide(entry) -> str:
    cells = (
        f"``{entry.model._meta.db_table}``",
        "yes" if entry.is_exported else "",
        entry.erasure.name.lower() if entry.title else "",
        "yes" if entry.is_archived else "",
        "yes" if entry.is_copied else "",
        "left out" if entry.enrollment else "",
    )
    first, *others = (f"     - {cell}".rstrip() for cell in cells)
    return "\n".join([first.replace("     -", "   * -"), *others])
