"""`manage.py sphinx_sync` from the operator's side, with real builds."""

import io
import json
import stat
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from annotations.models import Annotation
from bookbinder.tests.support import builds
from bookbinder.tests.support.syncing import answered, change, everything, sync
from books.models import Book, Feedback, Page, Question, Release
from books.releases import folders
from books.sync import pipeline
from conftest import make_user
from grading.models import Answer, Attempt, Interactive

pytestmark = [pytest.mark.sphinx, pytest.mark.django_db(transaction=True)]


def test_a_first_sync_makes_the_book_and_warns_of_it(built):
    code, out, _err = sync(built, "--noinput")
    assert code == 0
    assert "A new book: Tiny Book" in out and "WARNING" not in out
    assert "Tiny Book: /books/tiny-book/\n" in out.replace(settings.BOOKBINDER_SITE_URL, "")
    assert "No course of it is open. Make one: " in out and "/admin/grading/course/add/" in out
    assert "pages: 3 created" in out
    book = Book.objects.get()
    assert (book.project, book.url, book.price) == ("tiny-book", "tiny-book", 0)
    assert list(book.pages.values_list("url", "index", "access")) == [
        ("index", None, ""),
        ("numbers", 1, "public"),
        ("cities", 2, ""),
    ]
    assert Page.objects.get(url="numbers").source_id == "k3v9x2m7qd"
    assert Question.objects.get(label="primes").options == {"multiple": True}


def test_a_second_sync_has_nothing_to_do_and_writes_nothing(live, django_assert_num_queries):
    before = everything()
    with transaction.atomic():
        code, out, _err = sync(live, "--noinput")
    assert code == 0
    assert "Nothing to do" in out
    assert everything() == before


def test_only_listed_files_are_published(live, data_dir):
    html = folders.html_folder("tiny-book", Release.objects.get().folder)
    names = {path.relative_to(html).as_posix() for path in html.rglob("*") if path.is_file()}
    assert "numbers.html" in names and "searchindex.js" in names
    assert not any("bookbinder.json" in name or "_sources" in name for name in names)
    assert not any(part.startswith(".") for name in names for part in name.split("/"))
    page = (html / "numbers.html").read_text()
    assert page.count("/static/bookbinder/reader.js") == 1
    assert page.count("/static/bookbinder/reader.css") == 1


def test_a_dry_run_says_that_there_is_something_and_changes_nothing(built, data_dir):
    code, out, _err = sync(built, "--dry-run")
    assert code == 4
    assert "A new book" in out
    assert everything() == [[], [], [], [], 0]
    assert list(data_dir.iterdir()) == []


def test_a_dry_run_with_nothing_to_do_ends_with_0(live):
    assert sync(live, "--dry-run")[0] == 0


def test_without_a_terminal_no_answer_is_a_no(built, data_dir):
    code, _out, err = sync(built)
    assert code == 3
    assert "Nothing was changed" in err
    assert everything() == [[], [], [], [], 0]
    assert not [p for p in (data_dir / "releases").rglob("*") if p.is_file()]


def test_json_alone_stands_on_standard_output(built):
    code, out, _err = sync(built, "--noinput", "--format", "json")
    assert code == 0
    plan = json.loads(out)
    assert len(plan["pages"]["create"]) == 3
    assert plan["nothing_to_do"] is False


class Terminal(io.StringIO):
    """A person at a terminal, with the lines that they type."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("yes\n", 0), ("n\n", 3), ("\n", 3)])
def test_a_person_at_a_terminal_is_asked(built, monkeypatch, typed, code):
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    result, _out, err = sync(built)
    assert result == code
    assert "Publish this? [y/N]" in err
    assert Book.objects.exists() == (code == 0)


def test_a_person_is_asked_about_user_data_and_about_page_ids(live, source, monkeypatch):
    answered()
    before = (source / "index.rst").read_bytes()
    (source / "cities.rst").write_text("Cities\n======\n")
    monkeypatch.setattr("sys.stdin", Terminal("y\nn\n"))
    code, _out, err = sync(source)
    assert code == 0
    assert "Delete what is listed above? [y/N]" in err
    assert "Write page ids into 2 source files" in err
    assert not Answer.objects.exists()
    assert (source / "index.rst").read_bytes() == before


def test_what_sphinx_warns_of_is_shown(source):
    change(source, "cities.rst", "Which is the *capital*", "Which is the :ref:`capital <gone>`")
    code, _out, err = sync(source, "--noinput")
    assert code == 0
    assert "undefined label: 'gone'" in err


def test_a_new_edition_changes_rows_and_keeps_answers(live, source):
    answer = answered("adding", string="4")
    change(source, "numbers.rst", "Right, see", "Well done, see")
    change(source, "numbers.rst", "Numbers\n=======", "Figures\n=======")
    code, out, _err = sync(source, "--noinput")
    assert code == 0, out
    assert Page.objects.get(url="numbers").title == "Figures"
    assert "Well done" in Feedback.objects.get(question__label="adding", answer="4").feedback
    answer.refresh_from_db()
    assert (answer.string, answer.points) == ("4", 2)
    assert Release.objects.count() == 2
    assert Book.objects.get().release == Release.objects.first()


def test_equal_files_are_hard_links_to_the_release_before(live, source):
    change(source, "cities.rst", "until 1812", "until about 1812")
    sync(source, "--noinput")
    new, old = (folders.html_folder("tiny-book", r.folder) for r in Release.objects.all())
    assert (new / "_static/basic.css").samefile(old / "_static/basic.css")


def test_a_renamed_page_keeps_its_answers_by_its_page_id(live, source):
    answer = answered("adding", string="4")
    (source / "numbers.rst").rename(source / "figures.rst")
    change(source, "index.rst", "numbers", "figures")
    code, out, _err = sync(source, "--noinput")
    assert code == 0, out
    assert "same page (by page id): numbers -> figures" in out
    answer.refresh_from_db()
    assert answer.question.page.url == "figures"


def test_labels_that_change_places_keep_their_rows(live, source):
    why, pattern = (Question.objects.get(label=label) for label in ("why", "pattern"))
    text = (source / "numbers.rst").read_text()
    text = text.replace(":: why", ":: swap").replace(":: pattern", ":: why")
    (source / "numbers.rst").write_text(text.replace(":: swap", ":: pattern"))
    assert sync(source, "--noinput")[0] == 0
    # A label is a name: the answers follow it, and the rows take each other's texts.
    why.refresh_from_db()
    pattern.refresh_from_db()
    assert (why.label, why.grader) == ("why", "regex")
    assert (pattern.label, pattern.grader) == ("pattern", "text")


def test_a_deletion_lists_the_first_20_and_the_total_and_asks(live, source, data_dir):
    for number in range(25):
        answered(name=f"s{number:02}")
    (source / "cities.rst").write_text("Cities\n======\n")
    before = everything()
    code, out, err = sync(source, "--noinput")
    assert code == 3
    assert "USER DATA THAT WILL BE DELETED: 25 answers, 25 attempts" in out
    assert "s00@example.org: cities#capital: 'x'" in out
    assert "s19@example.org" in out and "s20@example.org" not in out
    assert "25 answers in all" in out
    assert "--delete-user-data" in err
    assert everything() == before
    assert not (data_dir / "archives").exists()


def test_what_goes_is_archived_and_can_be_loaded_once_the_page_is_back(live, source, data_dir):
    answer, attempt = answered(string="an answer"), Attempt.objects.get()
    Interactive.objects.create(course=answer.enrollment.course, question=answer.question)
    text = (source / "cities.rst").read_text()
    (source / "cities.rst").write_text("Cities\n======\n")
    code, out, _err = sync(source, "--noinput", "--delete-user-data")
    assert code == 0, out
    assert not Answer.objects.exists() and not Attempt.objects.exists()
    (archive,) = (data_dir / "archives").iterdir()
    assert str(archive) in out
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    (source / "cities.rst").write_text(text)
    assert sync(source, "--noinput")[0] == 0
    call_command("load_archive", archive, stdout=StringIO())
    back = Answer.objects.get()
    assert (back.pk, back.string, back.points) == (answer.pk, "an answer", answer.points)
    assert back.question.label == "capital"
    assert Attempt.objects.get().client_key == attempt.client_key
    assert Interactive.objects.count() == 1


def test_a_book_with_a_course_is_withdrawn_and_not_deleted(live, tmp_path):
    answered()
    conf = builds.HEAD + 'bookbinder_layout = "folders"\nbookbinder_non_book_pages = ["index"]\n'
    other = builds.write_book(
        tmp_path / "other",
        conf=conf,
        index="T\n=\n\n.. toctree::\n\n   a/index\n",
        a__index="A\n=\n",
    )
    code, out, _err = sync(other, "--noinput")
    assert code == 0, out
    assert "WITHDRAWN: Tiny Book" in out
    assert Book.objects.get(url="tiny-book").release is None
    assert Answer.objects.count() == 1
    assert Book.objects.get(url="a").release is not None


def test_a_note_survives_its_page(live, source):
    page = Page.objects.get(url="cities")
    note = Annotation.objects.create(
        book=page.book, page=page, user=make_user("sam"), motivation="commenting", body="Hm"
    )
    (source / "cities.rst").unlink()
    change(source, "index.rst", "   cities\n", "")
    change(source, "numbers.rst", ":doc:`cities`", "it")
    assert sync(source, "--noinput")[0] == 0
    note.refresh_from_db()
    assert (note.page, note.book, note.body) == (None, page.book, "Hm")


def test_more_than_half_of_the_pages_going_asks(live, tmp_path):
    wrong = builds.write_book(tmp_path / "wrong", index="Tiny\n====\n")
    code, out, _err = sync(wrong, "--noinput")
    assert code == 3
    assert "more than half of the pages of Tiny Book" in out
    assert sync(wrong, "--noinput", "--delete-user-data")[0] == 0


def test_a_choice_with_a_new_text_keeps_its_answers(live, source):
    keys = {f.answer: f.key for f in Feedback.objects.filter(question__label="capital")}
    answer = answered("capital", string=keys["Turku"])
    several = answered("primes", name="tom", string=json.dumps(sorted(["a2", "x"])))
    change(source, "cities.rst", "choice:: Turku", "choice:: Turku (Åbo)")
    change(source, "cities.rst", ":key: a2", ":key: b2")
    assert sync(source, "--noinput")[0] == 0
    turku = Feedback.objects.get(answer="Turku (Åbo)")
    assert turku.key != keys["Turku"]
    answer.refresh_from_db()
    several.refresh_from_db()
    assert answer.string == turku.key
    assert json.loads(several.string) == ["b2", "x"]


def test_page_ids_are_written_into_the_sources_with_permission(source):
    before = (source / "cities.rst").read_bytes()
    assert sync(source, "--noinput")[0] == 0
    assert (source / "cities.rst").read_bytes() == before
    code, out, _err = sync(source, "--noinput", "--back-annotate")
    assert code == 0
    assert "Page ids written into 2 source files" in out
    page_id = Page.objects.get(url="cities").source_id
    assert (source / "cities.rst").read_bytes() == f".. page-id:: {page_id}\n\n".encode() + before
    code, out, _err = sync(source, "--noinput", "--back-annotate")
    assert (code, "Nothing to do" in out, "Page ids" in out) == (0, True, False)


def test_myst_sources_get_page_ids_too(tmp_path):
    source = builds.copy_book("myst", tmp_path / "source")
    assert sync(source, "--noinput", "--back-annotate")[0] == 0
    assert "page-id: " in (source / "cities.md").read_text()
    code, out, _err = sync(source, "--noinput")
    assert code == 0 and "Nothing to do" in out


def test_several_builds_are_one_plan(built, tmp_path):
    other = builds.write_book(
        tmp_path / "o", conf=builds.HEAD.replace("Tiny", "Other"), index="T\n=\n"
    )
    code, _out, _err = sync(built, other, "--noinput")
    assert code == 0
    assert set(Book.objects.values_list("project", flat=True)) == {"tiny-book", "other-book"}


def test_two_builds_of_one_project_are_refused(built):
    code, _out, err = sync(built, built, "--noinput")
    assert (code, Book.objects.count()) == (1, 0)
    assert "would have one url" in err


def test_the_operators_folders_are_taken_without_a_path(source, settings):
    settings.BOOKBINDER_SOURCES = [source]
    assert sync("--noinput")[0] == 0
    settings.BOOKBINDER_SOURCES = []
    code, _out, err = sync("--noinput")
    assert code == 1 and "BOOKBINDER_SOURCES" in err


def test_queries_do_not_grow_with_the_book(tmp_path, django_assert_max_num_queries):
    def pages(count):
        text = "\n\n.. question:: q{0}\n\n   Ask {0}.\n\n   .. feedback:: {0}\n      :points: 1\n\n      Yes.\n"
        body = "".join(text.format(n) for n in range(3))
        return {f"p{n}": f"Page {n}\n======\n{body}" for n in range(count)}

    def synced(count, name):
        toc = "T\n=\n\n.. toctree::\n   :glob:\n\n   p*\n"
        conf = builds.HEAD.replace("Tiny", name)
        source = builds.write_book(tmp_path / name, conf=conf, index=toc, **pages(count))
        build = pipeline.read(source, tmp_path / f"{name}-scratch")
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as queries:
            pipeline.publish(pipeline.prepare([build], stage=True))
        return len(queries)

    assert synced(4, "Small") == synced(20, "Large")
