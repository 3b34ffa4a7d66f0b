"""What deletion takes, what it leaves, and what it is refused for."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from annotations.models import Annotation, PageRevision
from billing.models import Payment
from books.models import Feedback, Page, Question
from conftest import make_answer, make_course
from grading.models import Answer, Attempt, Enrollment, Interactive


@pytest.fixture
def answer(enrollment, adding):
    feedback = adding.feedback.first()
    Interactive.objects.create(course=enrollment.course, question=adding)
    return make_answer(enrollment, adding, feedback=feedback)


@pytest.fixture
def note(page, sam):
    revision = PageRevision.objects.create(
        page=page, built_at=timezone.now(), text_sha256="a", text=b""
    )
    return Annotation.objects.create(
        book=page.book, page=page, revision=revision, user=sam, motivation="commenting"
    )


def test_a_page_takes_its_questions_and_their_answers(answer, page):
    page.delete()
    for model in (Question, Feedback, Attempt, Answer, Interactive):
        assert not model.objects.exists()
    assert Enrollment.objects.exists()


def test_feedback_leaves_the_answers_that_it_matched(answer):
    Feedback.objects.all().delete()
    answer.refresh_from_db()
    assert (answer.feedback, answer.points) == (None, 2)
    assert Attempt.objects.get().feedback is None


def test_a_page_leaves_its_notes_and_their_revision(note, page):
    page.delete()
    note.refresh_from_db()
    note.revision.refresh_from_db()
    assert (note.page, note.revision.page) == (None, None)


def test_a_book_with_a_course_is_kept(book, course):
    with pytest.raises(ProtectedError):
        book.delete()


def test_a_book_with_a_note_is_kept(book, note):
    book.courses.all().delete()
    with pytest.raises(ProtectedError):
        book.delete()


def make_payment(sam, course, **over) -> Payment:
    fields = {"amount": 900, "currency": "eur"} | over
    return Payment.objects.create(user=sam, course=course, **fields)


def test_who_and_what_was_paid_is_kept(sam, course):
    make_payment(sam, course)
    for row in (sam, course):
        with pytest.raises(ProtectedError):
            row.delete()


def test_a_person_and_course_have_one_living_payment(sam, course, book):
    first = make_payment(sam, course)
    make_payment(sam, make_course(book, "Spring"))
    for status in ("pending", "paid", "disputed"):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_payment(sam, course, status=status)
    first.status = "refunded"
    first.save()
    assert make_payment(sam, course, status="paid")


def test_a_course_takes_its_places_and_answers(answer, course):
    course.delete()
    assert not Enrollment.objects.exists() and not Answer.objects.exists()
    assert Question.objects.exists() and Page.objects.exists()
