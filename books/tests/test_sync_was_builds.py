"""`:was:` and near misses: what was relabelled or renamed keeps its answers."""

import json

import pytest

from bookbinder.tests.support import builds
from bookbinder.tests.support.syncing import answered, change, sync
from books.models import Page, Question

pytestmark = [pytest.mark.sphinx, pytest.mark.django_db]
HEAD = builds.HEAD
INDEX = "Tiny\n====\n\n.. toctree::\n\n   {}\n"


def relabel(source, was: str = "") -> None:
    """Give the question `why` another label and another prompt."""
    change(
        source,
        "numbers.rst",
        "question:: why\n\n   Why?",
        f"question:: reason\n{was}\n   For which reason?",
    )


def test_a_near_miss_is_told_with_what_hangs_on_it(live, source):
    answered("why")
    change(source, "numbers.rst", "question:: why\n\n   Why?", "question:: reason\n\n   Why then?")
    code, out, _err = sync(source, "--noinput")
    assert code == 3
    hint = (
        "question numbers#why was removed and reason added with a similar prompt: the same? "
        "Add `:was: why` to keep its 1 answers, 1 attempts."
    )
    assert hint in out
    _code, out, _err = sync(source, "--dry-run", "--format", "json")
    (miss,) = json.loads(out)["near_misses"]
    assert (miss["old"], miss["new"], miss["was"]) == ("numbers#why", "reason", ":was: why")


def test_was_settles_it(live, source):
    answer = answered("why")
    relabel(source, "   :was: why\n")
    code, out, _err = sync(source, "--noinput")
    assert code == 0 and "same question (by :was:): numbers#why -> numbers#reason" in out
    answer.refresh_from_db()
    assert answer.question.label == "reason"


def test_was_left_in_the_source_takes_no_newer_question(live, source):
    answer = answered("why")
    relabel(source, "   :was: why\n")
    assert sync(source, "--noinput")[0] == 0
    with (source / "numbers.rst").open("a") as file:
        file.write(
            "\n.. question:: why\n\n   Another?\n\n   .. feedback:: x\n      :points: 1\n\n      y\n"
        )
    assert sync(source, "--noinput")[0] == 0
    assert set(Question.objects.values_list("label", flat=True)) > {"why", "reason"}
    answer.refresh_from_db()
    assert answer.question.label == "reason"
    assert sync(source, "--dry-run")[0] == 0


def test_was_names_a_question_of_another_page(live, source):
    answer = answered("why")
    text = (source / "numbers.rst").read_text()
    begin, end = text.index(".. question:: why"), text.index(".. question:: pattern")
    (source / "numbers.rst").write_text(text[:begin] + text[end:])
    with (source / "cities.rst").open("a") as file:
        file.write(
            "\n.. question:: reason\n   :was: numbers#why\n\n   Told otherwise?\n\n"
            "   .. feedback:: because\n      :points: 1\n\n      y\n"
        )
    code, out, _err = sync(source, "--noinput")
    assert code == 0 and "(by :was:): numbers#why -> cities#reason" in out
    answer.refresh_from_db()
    assert answer.question.page.url == "cities"


def renamed_book(folder, name: str, text: str, suffix: str = ".rst"):
    conf = HEAD.replace("]", ', "myst_parser"]') if suffix == ".md" else HEAD
    source = builds.write_book(folder, conf, index=INDEX.format(name))
    (source / f"{name}{suffix}").write_text(text)
    return source


@pytest.mark.parametrize(
    ("suffix", "before", "after"),
    [
        (".rst", "Light\n=====\n\nOld words.\n", ":was: light\n\nColour\n======\n\nNew ones.\n"),
        (".md", "# Light\n\nOld words.\n", "---\nwas: light\n---\n# Colour\n\nNew ones.\n"),
    ],
)
def test_was_on_a_page_that_has_no_page_id(tmp_path, suffix, before, after):
    assert sync(renamed_book(tmp_path / "one", "light", before, suffix), "--noinput")[0] == 0
    page = Page.objects.get(url="light")
    code, out, _err = sync(renamed_book(tmp_path / "two", "colour", after, suffix), "--noinput")
    assert code == 0 and "same page (by :was:): light -> colour" in out
    page.refresh_from_db()
    assert (page.url, page.title) == ("colour", "Colour")


def questions(*prompts: str) -> str:
    return "".join(
        f".. question:: q{number}\n   :grader: manual\n\n   {prompt}\n\n"
        for number, prompt in enumerate(prompts)
    )


@pytest.mark.parametrize(
    ("prompts", "is_told"),
    [
        (("How fast is light?", "What is a lens?", "And now something else?"), True),
        (("How fast is light?", "Who was it?", "And now something else?"), False),
        ((), False),
    ],
    ids=["most", "one of three", "the title alone"],
)
def test_a_page_with_most_of_the_questions_is_a_near_miss(tmp_path, prompts, is_told):
    ask = questions("How fast is light?", "What is a lens?", "Why is the sky blue?")
    first = renamed_book(tmp_path / "one", "light", f"Light\n=====\n\nOld words.\n\n{ask}")
    assert sync(first, "--noinput")[0] == 0
    text = f"Light\n=====\n\nNew ones.\n\n{questions(*prompts)}"
    _code, out, _err = sync(renamed_book(tmp_path / "two", "lights", text), "--dry-run")
    told = "page light was removed and lights added with most of its questions: the same? "
    assert (told + "Add `:was: light` to keep it as it was." in out) is is_told
    assert ("page light was" in out) is is_told


def test_two_cannot_both_have_been_one(tmp_path):
    question = ".. question:: {}\n   :was: {}\n\n   Q\n\n   .. feedback:: x\n      :points: 1\n\n      y\n\n"
    text = "A\n=\n\n" + question.format("a", "old") + question.format("b", "old")
    source = renamed_book(tmp_path / "one", "a", text + question.format("c", "no label"))
    (source / "b.rst").write_text(":was: old\n:orphan:\n\nB\n=\n")
    (source / "c.rst").write_text(":was: old\n:orphan:\n\nC\n=\n")
    (source / "d.rst").write_text(":was: ../x\n:orphan:\n\nD\n=\n")
    found = "\n".join(builds.mistakes(source, tmp_path / "out"))
    assert "two questions of this page have the former name old" in found
    assert "c.rst:1: was old: also given by b.rst" in found
    assert "was 'no label' must be an earlier label" in found
    assert "was '../x' must be the former name of the document" in found
