"""Numbers in a book whose language has a decimal comma, from the source to the answer."""

import uuid

import pytest

from bookbinder.tests.support import builds
from bookbinder.tests.support.answers_http import post
from bookbinder.tests.support.syncing import sync
from books.models import Question
from conftest import enroll, make_course, make_user
from grading.models import Attempt

pytestmark = pytest.mark.sphinx
GERMAN = builds.HEAD + 'language = "de"\n'
ASK = """T
=

.. question:: price
   :grader: number

   Ask.

   .. feedback:: {answer}
      :points: 1

   .. feedback:: *

      No.
"""


def write(folder, answer="1.234,5", conf=GERMAN):
    return builds.write_book(folder, conf, index=ASK.format(answer=answer))


def test_the_language_changes_how_a_number_is_read_and_not_what_is_asked(tmp_path):
    (english,) = builds.build(write(tmp_path / "en", "1", builds.HEAD), tmp_path / "out").pages()
    (german,) = builds.build(write(tmp_path / "de", "1"), tmp_path / "out2").pages()
    assert english.questions[0].options == {}
    assert german.questions[0].options == {"decimal_comma": True}
    assert english.questions[0].fingerprint == german.questions[0].fingerprint


def test_an_expected_answer_that_is_ambiguous_is_a_mistake(tmp_path):
    (mistake,) = builds.mistakes(write(tmp_path / "s", "1.234 +- 1"), tmp_path / "out")
    assert "index.rst:9" in mistake
    assert "'1.234 +- 1' is not one number (it can be read as 1234 or 1,234)" in mistake


def test_a_student_is_told_and_loses_no_attempt(as_user, transactional_db, tmp_path):
    builds.build(write(tmp_path / "s"), tmp_path / "out")
    assert sync(tmp_path / "out", "--noinput")[0] == 0
    question = Question.objects.get()
    sam = make_user("sam")
    enroll(sam, make_course(question.page.book, attempt_limit=1))
    client = as_user(sam)
    refused = post(client, question, "1.234")
    assert refused.status_code == 400
    assert "1234" in refused.json()["detail"] and "1,234" in refused.json()["detail"]
    form = {"label": "price", "answer": "tausend", "client_key": str(uuid.uuid4())}
    page = client.post("/answer/tiny-book/index", form, follow=True)
    assert "2/3" in page.content.decode()
    assert not Attempt.objects.exists()
    assert post(client, question, "1.234,5").json()["points"] == 1
