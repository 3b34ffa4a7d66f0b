"""`:try:` in a book's source: what it leaves in the manifest, and what it does not."""

import pytest

from bookbinder.tests.support import builds
from bookbinder.tests.support.syncing import sync
from books.models import Question

pytestmark = pytest.mark.sphinx
ASK = "{access}T\n=\n\n.. question:: q\n{option}\n   Ask.\n\n   .. feedback:: a\n      :points: 1\n"
PUBLIC = ":access: public\n\n"


def write(folder, *, option="   :try:\n", access=PUBLIC):
    return builds.write_book(folder, index=ASK.format(option=option, access=access))


def question_of(found):
    (page,) = found.pages()
    return page.questions[0]


def test_a_question_to_try_says_so_and_asks_the_same_as_before(tmp_path):
    plain = builds.build(write(tmp_path / "plain", option=""), tmp_path / "out")
    marked = builds.build(write(tmp_path / "marked"), tmp_path / "out2")
    assert question_of(plain).options == {}
    assert question_of(marked).options == {"try": True}
    assert question_of(plain).fingerprint == question_of(marked).fingerprint


def test_on_a_page_that_is_not_public_the_author_is_told_what_to_do(tmp_path):
    done = builds.run(write(tmp_path / "s", access=""), tmp_path / "out")
    assert done.returncode == 0
    assert "index.rst:4: WARNING: question q: nobody can try it" in done.stderr
    assert "access: public" in done.stderr
    assert builds.run(write(tmp_path / "p"), tmp_path / "out2").stderr == ""


def test_the_page_shows_no_more_of_a_question_that_can_be_tried(tmp_path):
    for name, option in (("plain", ""), ("marked", "   :try:\n")):
        builds.build(write(tmp_path / name, option=option), tmp_path / f"out-{name}")
    plain, marked = (tmp_path / f"out-{name}/index.html" for name in ("plain", "marked"))
    assert plain.read_text() == marked.read_text()


def test_toggling_it_is_one_changed_option_and_loses_nothing(db, tmp_path):
    for name, option in (("plain", ""), ("marked", "   :try:\n")):
        builds.build(write(tmp_path / name, option=option), tmp_path / f"out-{name}")
    assert sync(tmp_path / "out-plain", "--noinput")[0] == 0
    before = Question.objects.get()
    code, told, _messages = sync(tmp_path / "out-marked", "--noinput")
    after = Question.objects.get()
    assert (code, after.pk, after.version) == (0, before.pk, before.version)
    assert (before.options, after.options) == ({}, {"try": True})
    assert "questions: 1 changed" in told
    assert sync(tmp_path / "out-marked", "--dry-run")[0] == 0
