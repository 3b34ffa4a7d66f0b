"""The guide is a Book Binder book, and says what is so."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from django.apps import apps

from bookbinder import settings as settings_module
from bookbinder.tests.support import builds
from bookbinder.tests.support.builds import OURS, ROOT
from conftest import lay_page

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    return builds.build(DOCS, tmp_path_factory.mktemp("guide"), "-W")


@pytest.mark.sphinx
def test_it_builds_without_a_warning_and_has_pages_and_questions_enough(guide):
    assert len(list(guide.pages())) >= 12
    questions = [question for page in guide.pages() for question in page.questions]
    assert len(questions) >= 20
    graders = Counter(question.grader for question in questions)
    assert set(graders) == {"text", "regex", "number", "choice", "manual"}
    assert any(question.options.get("multiple") for question in questions)


@pytest.mark.sphinx
def test_every_page_has_an_id_and_every_question_can_be_answered_right(guide):
    for page in guide.pages():
        assert page.page_id, page.source
        for question in page.questions:
            best = max((f.points for f in question.feedback), default=question.points_possible)
            assert best == question.points_possible, (page.source, question.label)


def test_the_note_in_the_page_about_the_api_is_taken(as_user, sam, page, course):
    lay_page(page)
    text = (DOCS / "operators/api.rst").read_text()
    block = text.partition(".. code-block:: json\n")[2].partition("\n\nThe site")[0]
    example = json.loads(block)
    example["bookbinder"]["course"] = course.pk
    path = f"/api/pages/{page.pk}/annotations"
    made = as_user(sam).post(path, json.dumps(example), content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["target"]["selector"][0]["exact"] == "quick brown fox"


def test_every_table_and_column_is_in_the_guide():
    text = (DOCS / "operators/schema.rst").read_text()
    for label in OURS:
        for model in apps.get_app_config(label).get_models():
            section = text.partition(f"\n``{model._meta.db_table}``\n")[2].partition("\n``")[0]
            assert section, model._meta.db_table
            for field in model._meta.concrete_fields:
                assert f"``{field.column}``" in section, (model._meta.db_table, field.column)


def test_every_variable_of_the_environment_is_in_the_guide():
    source = Path(settings_module.__file__).read_text()
    text = (DOCS / "operators/settings.rst").read_text()
    names = [part.split('"')[1] for part in source.split("env.")[1:] if part.count('"')]
    names = [name for name in names if name.isupper()]
    assert len(names) > 10
    for name in names:
        assert f"``{name}``" in text, name


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/developers/architecture.rst"])
def test_what_developers_are_told_of_is_there(name):
    text = (ROOT / name).read_text()
    paths = set(re.findall(r"`+((?:[\w.-]+/)+[\w.<>-]*)`+", text))
    assert len(paths) > 10
    kind = {"<kind>": "text"}
    for path in paths:
        for word, example in kind.items():
            path = path.replace(word, example)
        assert (ROOT / path).exists(), path
