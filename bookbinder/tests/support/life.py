"""A student with rows of every kind that the site keeps of a person."""

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from accounts.models import UnsentLetter, User
from annotations.models import Annotation
from billing.models import Payment
from books.models import Author, Edition, Page, Question, Release
from books.sync.report.text import Line
from conftest import (
    enroll,
    make_answer,
    make_attempt,
    make_book,
    make_course,
    make_note,
    make_override,
    make_user,
    refreshed,
)
from grading.models import (
    Answer,
    Course,
    Enrollment,
    Grade,
    Instructor,
    Interactive,
    Invitation,
    Regrade,
    RegradedAttempt,
    Repeat,
    RuleChange,
)


def answer_all(enrollment: Enrollment, question: Question, string: str = "4") -> Answer:
    """Create an attempt with all that can be given for it, a repeat of it, and the answer."""
    attempt = make_attempt(enrollment, question, string)
    Repeat.objects.create(enrollment=enrollment, attempt=attempt, client_key=attempt.client_key)
    regrade = Regrade.objects.create(course=enrollment.course, reason="a new edition")
    RegradedAttempt.objects.create(regrade=regrade, attempt=attempt, points=0)
    Grade.objects.create(attempt=attempt, points=2, comment="Well said.")
    return make_override(refreshed(enrollment, question), 1, reason="late")


def live(sam: User, course: Course, page: Page, question: Question) -> None:
    """Let a student of a course have rows of every kind, and classmates who need some of them."""
    answer_all(Enrollment.objects.get(user=sam, course=course), question)
    taught = make_course(make_book("second"), "Taught by the student")
    answer_all(enroll(sam, taught, origin="test"), question)
    Instructor.objects.create(course=taught, user=sam)
    Author.objects.create(book=taught.book, user=sam)
    Interactive.objects.create(course=course, question=question)
    make_address(sam)
    account = SocialAccount.objects.create(user=sam, provider="uni", uid="sam-at-uni")
    SocialToken.objects.create(account=account, token="token of sam")
    Authenticator.objects.create(user=sam, type="totp", data={"secret": "seed of sam"})
    UnsentLetter.objects.create(to=sam.email, subject="Hello", body="a link for sam")
    Invitation.objects.create(course=course, email=sam.email.title())
    # To an address that the student has left since.
    Invitation.objects.create(course=course, email="sam@old.example", accepted_by=sam)
    Payment.objects.create(user=sam, course=course, amount=900, currency="eur", status="paid")
    name_in_rows_of_others(sam, course, question)
    make_note(sam, page, "Nobody has replied.")
    shared = {"audience": "course", "course": course}
    note = make_note(sam, page, "Somebody has replied.", **shared)
    una = make_user("una")
    reply = make_note(una, page, "A reply of Una.", root=note, parent=note, **shared)
    make_note(sam, page, "Again.", root=note, parent=reply, **shared)


def make_address(user: User) -> None:
    proven = {"verified": True, "primary": True}
    address, _new = EmailAddress.objects.get_or_create(user=user, email=user.email, defaults=proven)
    EmailConfirmation.objects.create(email_address=address, key="key of sam")


def name_in_rows_of_others(sam: User, course: Course, question: Question) -> None:
    """Let rows of others, and the history of the admin, name Sam."""
    Release.objects.create(project="second", folder="r2", created_by=sam)
    people = (sam.email, f"not-{sam.email}", "una@example.org")
    names = [list(Line(f"  {email}: numbers#adding: '4'", "bad")) for email in people]
    Edition.objects.create(folder="e2", created_by=sam, names=names)
    Invitation.objects.create(course=course, email="new@example.org", invited_by=sam)
    vic = make_user("vic")
    make_override(make_answer(enroll(vic, course), question), 1, created_by=sam)
    RuleChange.objects.create(course=course, question=question, name="dropped", created_by=sam)
    note = make_note(vic, question.page, "A note of Vic.", audience="course", course=course)
    Annotation.objects.filter(pk=note.pk).update(hidden_by=sam, resolved_by=sam)
    by_root = {"user": make_user("roy", type="admin"), "action_flag": CHANGE}
    for model, key, name in (
        (User, sam.pk, "Sam Former-Name <old@example.org>"),
        (Course, course.pk, course.name),
    ):
        LogEntry.objects.create(
            content_type=ContentType.objects.get_for_model(model),
            object_id=str(key),
            object_repr=name,
            change_message=f'[{{"added": {{"name": "instructor", "object": "{sam}"}}}}]',
            **by_root,
        )
    kind = ContentType.objects.get_for_model(Course)
    LogEntry.objects.create(
        user=sam, content_type=kind, object_id="1", object_repr="Una <una@x>", action_flag=CHANGE
    )
