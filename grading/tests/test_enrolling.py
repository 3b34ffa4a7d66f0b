from datetime import timedelta

import pytest
from django.utils import timezone

from books.models import Book
from conftest import enroll, make_course, make_page
from grading import enrolling, progress
from grading.enrolling import EnrollError
from grading.models import Course, Enrollment


def test_a_person_joins_a_free_course_once(eve, course):
    enrollment = enrolling.join(eve, course)
    assert (enrollment.origin, enrollment.status) == ("free", "active")
    assert enrolling.join(eve, course) == enrollment
    assert Enrollment.objects.count() == 1


def test_a_course_that_has_not_opened_or_has_closed_takes_nobody(eve, book):
    now = timezone.now()
    for name, dates in (
        ("later", {"opens_at": now + timedelta(days=1)}),
        ("over", {"closes_at": now - timedelta(days=1)}),
    ):
        course = make_course(book, name, **dates)
        assert not course.is_open and course not in Course.objects.open()
        with pytest.raises(EnrollError, match="not open"):
            enrolling.join(eve, course)


def test_a_paid_course_is_not_joined_free(eve, book):
    with pytest.raises(EnrollError, match="has to be paid for"):
        enrolling.join(eve, make_course(book, price=900))
    book.price = 500
    book.save()
    assert make_course(book, "as the book").amount == 500
    with pytest.raises(EnrollError, match="has to be paid for"):
        enrolling.join(eve, make_course(book, "again"))
    assert enrolling.join(eve, make_course(book, "free", price=0))


def test_seats_run_out_and_test_students_take_none(eve, sam, ines, course):
    enroll(ines, course, origin="test")
    course.seat_limit = 1
    course.save()
    with pytest.raises(EnrollError, match="All seats"):
        enrolling.join(eve, course)
    course.seat_limit = 2
    course.save()
    assert enrolling.join(eve, course)


def test_who_has_been_sent_away_does_not_come_back_by_the_code(enrollment, course):
    enrolling.end(Enrollment.objects.filter(pk=enrollment.pk))
    with pytest.raises(EnrollError, match="has ended"):
        enrolling.join(enrollment.user, course)
    assert enrolling.restore(Enrollment.objects.all()) == 1
    assert enrolling.join(enrollment.user, course).status == "active"


def test_a_withdrawn_book_takes_nobody(eve, course):
    Book.objects.update(release=None)
    with pytest.raises(EnrollError, match="withdrawn"):
        enrolling.join(eve, Course.objects.get())


def test_without_a_course_named_the_one_used_last_counts(sam, book, course):
    spring = make_course(book, "Spring")
    second = enroll(sam, spring)
    assert enrolling.enrollment_for(sam, book.pk) == second
    first = enrolling.enrollment_for(sam, book.pk, course.pk)
    progress.visit(first, make_page(book), [second])
    assert enrolling.enrollment_for(sam, book.pk) == first


def test_an_instructor_and_an_author_answer_as_test_students(ines, ada, book, course):
    for user in (ines, ada):
        enrollment = enrolling.enrollment_for(user, book.pk)
        assert enrollment.is_test and enrollment.course == course
        assert enrolling.enrollment_for(user, book.pk) == enrollment
    assert not Enrollment.objects.in_gradebook().exists()


@pytest.mark.parametrize("name", ["ines", "ada"])
def test_a_test_students_place_ends_with_the_right_to_it(request, name, book, course, page):
    user = request.getfixturevalue(name)
    assert enrolling.enrollment_for(user, book.pk).is_test
    user.instructorships.all().delete()
    user.authorships.all().delete()
    assert enrolling.enrollment_for(user, book.pk) is None
    assert not user.has_perm("books.view_page", page)
    with pytest.raises(EnrollError, match="test student"):
        enrolling.join(user, course)


def test_a_stranger_gets_no_place(eve, book, course):
    assert enrolling.enrollment_for(eve, book.pk) is None
    assert enrolling.enrollment_for(eve, book.pk, course.pk) is None


def test_join_codes_have_random_bits_enough():
    from grading.models.courses import JOIN_CODE_ALPHABET, JOIN_CODE_LENGTH, new_join_code

    assert len(JOIN_CODE_ALPHABET) ** JOIN_CODE_LENGTH >= 2**40
    assert len({new_join_code() for _n in range(100)}) == 100
