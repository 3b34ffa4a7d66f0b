"""Invitations: places kept for addresses, which tell nothing of accounts."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from books.models import Book
from conftest import enroll, make_course, make_user
from grading import enrolling, invitations
from grading.enrolling import EnrollError
from grading.models import Enrollment, Invitation


def invite(course, email, **over) -> Invitation:
    return Invitation.objects.create(course=course, email=email, **over)


def confirm(user, email=None, *, verified=True):
    address = email or user.email
    user.emailaddress_set.create(email=address, verified=verified, primary=email is None)
    return user


def test_an_invitation_takes_effect_when_its_owner_comes(eve, course):
    invite(course, "EVE@example.org")
    invite(course, "another@example.org")
    confirm(eve)
    assert not Enrollment.objects.exists()
    assert len(invitations.accept_all(eve)) == 1
    enrollment = Enrollment.objects.get()
    assert (enrollment.user, enrollment.origin, enrollment.status) == (eve, "invited", "active")
    assert invitations.accept_all(eve) == []


def test_only_a_confirmed_address_counts(eve, course):
    invite(course, eve.email)
    confirm(eve, verified=False)
    assert invitations.accept_all(eve) == []
    assert not Enrollment.objects.exists()


def test_an_invitation_is_worth_a_place_in_a_paid_course_and_before_it_opens(eve, book):
    course = make_course(book, price=900, opens_at=timezone.now() + timedelta(days=9))
    invite(course, eve.email)
    invitations.accept_all(confirm(eve))
    assert Enrollment.objects.get().origin == "invited"


@pytest.mark.parametrize("over", ["closed", "withdrawn"])
def test_an_invitation_that_is_too_late_waits(eve, course, over):
    invite(course, eve.email)
    if over == "closed":
        course.closes_at = timezone.now()
        course.save()
    else:
        Book.objects.update(release=None)
    assert invitations.accept_all(confirm(eve)) == []
    assert Invitation.objects.pending().count() == 1


def test_an_invitation_keeps_its_seat(eve, course):
    course.seat_limit = 1
    course.save()
    invite(course, "una@example.org")
    with pytest.raises(EnrollError, match="All seats"):
        enrolling.join(eve, course)
    una = confirm(make_user("una"))
    assert invitations.accept_all(una)
    with pytest.raises(EnrollError, match="All seats"):
        enrolling.join(eve, course)


def test_an_invitation_brings_no_ended_place_back(enrollment, course):
    enrolling.end(Enrollment.objects.all())
    invite(course, enrollment.user.email)
    invitations.accept_all(confirm(enrollment.user))
    assert Enrollment.objects.get().status == "ended"


def test_an_instructor_is_appointed_the_same_way(eve, course):
    invite(course, eve.email, role="instructor")
    invitations.accept_all(confirm(eve))
    assert eve.has_perm("grading.change_course", course)
    assert not Enrollment.objects.exists()


def test_who_is_invited_gets_a_letter(course, settings):
    settings.BOOKBINDER_SITE_URL = "https://books.example.org"
    for number in range(60):
        invite(course, f"s{number}@example.org")
    assert invitations.send(Invitation.objects.all()) == 60
    letter = mail.outbox[0]
    assert letter.to == ["s0@example.org"]
    assert f"https://books.example.org/join/{course.join_code}/" in letter.body
    assert letter.alternatives[0][1] == "text/html"
    assert not Invitation.objects.filter(mailed_at__isnull=True).exists()


def test_a_mail_server_that_is_down_loses_no_invitation(course, settings, caplog):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    invite(course, "una@example.org")
    assert invitations.send(Invitation.objects.all()) == 0
    assert Invitation.objects.get().mailed_at is None
    assert "could not be sent" in caplog.text


def test_restoring_places_minds_the_seats(course, eve):
    enroll(eve, course, status="ended")
    enroll(make_user("una"), course, status="ended")
    course.seat_limit = 1
    course.save()
    with pytest.raises(EnrollError, match="1 seats left"):
        enrolling.restore(Enrollment.objects.all())
    assert not Enrollment.objects.active().exists()
    assert enrolling.restore(Enrollment.objects.filter(user=eve)) == 1
