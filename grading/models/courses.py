"""Models of courses: instructors, enrollments, invitations and question switches."""

import secrets
import zoneinfo
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from books.models import Book, Page, Question
from grading.querysets import (
    CourseQuerySet,
    EnrollmentQuerySet,
    InvitationQuerySet,
)

JOIN_CODE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without characters that look alike
JOIN_CODE_LENGTH = 10  # 49 random bits


def new_join_code() -> str:
    return "".join(secrets.choice(JOIN_CODE_ALPHABET) for _i in range(JOIN_CODE_LENGTH))


def check_time_zone(name: str) -> None:
    """Raise ValidationError if `name` is not the name of a time zone."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("Unknown time zone. Use a name such as Europe/Helsinki."))


check_join_code = RegexValidator(
    r"\A[a-z0-9_-]{6,40}\Z", _("A join code is 6 to 40 small letters, digits, - and _.")
)


class Course(models.Model):
    """A class of students that uses one book."""

    class AttemptsPolicy(models.TextChoices):
        LATEST = "latest", _("the latest attempt counts")
        BEST = "best", _("the best attempt counts")

    class Notes(models.TextChoices):
        OFF = "off", _("off")
        NAMED = "named", _("with names")
        ANONYMOUS = "anonymous", _("anonymous to classmates")

    book = models.ForeignKey(Book, models.PROTECT, verbose_name=_("book"), related_name="courses")
    name = models.CharField(_("name"), max_length=200)
    price = models.PositiveIntegerField(
        _("price"),
        null=True,
        blank=True,
        help_text=_("In the currency's smallest unit; 0 is free; empty: the book's price."),
    )
    time_zone = models.CharField(
        _("time zone"), max_length=50, default="UTC", validators=(check_time_zone,)
    )
    opens_at = models.DateTimeField(_("opens"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)
    seat_limit = models.PositiveIntegerField(_("seats"), null=True, blank=True)
    join_code = models.CharField(
        _("join code"), max_length=40, default=new_join_code, validators=(check_join_code,)
    )
    attempts_policy = models.CharField(
        _("attempts"), max_length=10, choices=AttemptsPolicy.choices, default=AttemptsPolicy.LATEST
    )
    attempt_limit = models.PositiveIntegerField(
        _("limit of attempts"), null=True, blank=True, help_text=_("For each question.")
    )
    course_notes = models.CharField(
        _("notes to the whole course"), max_length=10, choices=Notes.choices, default=Notes.NAMED
    )
    notes_after = models.PositiveSmallIntegerField(
        _("classmates' notes after"),
        null=True,
        blank=True,
        help_text=_("How many notes to share on a page before its other notes show; empty: none."),
    )
    notes_from = models.DateTimeField(
        _("classmates' notes from"),
        null=True,
        blank=True,
        help_text=_("From this date they show to everybody, whatever they have shared."),
    )
    allows_tries = models.BooleanField(
        _("tries without an account"),
        null=True,
        blank=True,
        choices=[
            (None, _("allowed unless attempts are limited")),
            (True, _("allowed")),
            (False, _("not allowed")),
        ],
        help_text=_(
            "Whether people who are not enrolled can try the questions that the author has marked "
            "with :try:, while this course is open. They have no limit of attempts."
        ),
    )

    objects = CourseQuerySet.as_manager()

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(fields=("join_code",), name="uq_course_join_code"),
            models.CheckConstraint(
                condition=Q(attempts_policy__in=("latest", "best")),
                name="ck_course_attempts_policy",
            ),
            models.CheckConstraint(
                condition=Q(course_notes__in=("off", "named", "anonymous")),
                name="ck_course_course_notes",
            ),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True)
                | Q(opens_at__isnull=True)
                | Q(closes_at__gt=F("opens_at")),
                name="ck_course_opens_at_closes_at",
                violation_error_message=_("A course closes after it opens."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("join-course", args=(self.join_code,))

    @property
    def amount(self) -> int:
        """Return the price of the course, or else of its book, in the smallest unit."""
        return self.book.price if self.price is None else self.price

    @property
    def is_free(self) -> bool:
        return self.amount == 0

    @property
    def keeps_best(self) -> bool:
        """Return whether a student's best attempt counts, rather than the latest."""
        return self.attempts_policy == self.AttemptsPolicy.BEST

    @property
    def is_open(self) -> bool:
        """Return whether the course is open now, according to its dates."""
        now = timezone.now()
        return (self.opens_at is None or self.opens_at <= now) and (
            self.closes_at is None or now < self.closes_at
        )

    @property
    def dates(self) -> str:
        """Return in words when the course opens or closes, or "" if no such date matters now."""
        if self.is_open:
            return self._in_words(gettext("Closes %(time)s"), self.closes_at)
        if self.closes_at is not None and self.closes_at <= timezone.now():
            return self._in_words(gettext("Closed since %(time)s"), self.closes_at)
        return self._in_words(gettext("Opens %(time)s"), self.opens_at)

    def _in_words(self, text: str, at: datetime | None) -> str:
        if at is None:
            return ""
        # People elsewhere must not take it for their own time.
        local = timezone.localtime(at, zoneinfo.ZoneInfo(self.time_zone))
        time = f"{date_format(local, 'DATETIME_FORMAT')} ({self.time_zone})"
        return text % {"time": time}


class Instructor(models.Model):
    """A person who teaches a course."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="instructors")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="instructorships"
    )

    class Meta:
        verbose_name = _("instructor")
        verbose_name_plural = _("instructors")
        constraints = (
            models.UniqueConstraint(fields=("course", "user"), name="uq_instructor_course_user"),
        )

    def __str__(self) -> str:
        return str(self.user)


class Enrollment(models.Model):
    """A student in a course: one row per person and course. It keeps its data when it ends."""

    class Origin(models.TextChoices):
        PAID = "paid", _("paid")
        FREE = "free", _("joined free")
        INVITED = "invited", _("invited")
        GRANTED = "granted", _("granted")
        TEST = "test", _("test student")

    class Status(models.TextChoices):
        RESERVED = "reserved", _("payment under way")
        ACTIVE = "active", _("active")
        ENDED = "ended", _("ended")

    course = models.ForeignKey(
        Course, models.CASCADE, verbose_name=_("course"), related_name="enrollments"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("user"),
        related_name="enrollments",
    )
    origin = models.CharField(_("came by"), max_length=10, choices=Origin.choices)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE
    )
    created_at = models.DateTimeField(_("joined"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    # Until when a payment under way reserves the seat; null: until the payment is settled.
    reserved_until = models.DateTimeField(null=True, blank=True, editable=False)
    # If a person has several courses on one book and none is named, the last used one is meant.
    used_at = models.DateTimeField(_("last used"), default=timezone.now)
    # Where the student stopped reading.
    last_page = models.ForeignKey(
        Page, models.SET_NULL, verbose_name=_("last page"), null=True, blank=True, related_name="+"
    )

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrollment")
        verbose_name_plural = _("enrollments")
        constraints = (
            models.UniqueConstraint(fields=("course", "user"), name="uq_enrollment_course_user"),
            models.CheckConstraint(
                condition=Q(origin__in=("paid", "free", "invited", "granted", "test")),
                name="ck_enrollment_origin",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("reserved", "active", "ended")),
                name="ck_enrollment_status",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.course}"

    @property
    def is_test(self) -> bool:
        return self.origin == self.Origin.TEST


class Invitation(models.Model):
    """A seat reserved for an e-mail address, with or without an account, until its owner joins."""

    class Role(models.TextChoices):
        STUDENT = "student", _("student")
        INSTRUCTOR = "instructor", _("instructor")

    course = models.ForeignKey(
        Course, models.CASCADE, verbose_name=_("course"), related_name="invitations"
    )
    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("as"), max_length=10, choices=Role.choices, default=Role.STUDENT)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("invited"), auto_now_add=True)
    mailed_at = models.DateTimeField(_("e-mail sent"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    # Whose address it was then: they may have another one now.
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False,
        related_name="+",
    )  # fmt: skip

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = (
            models.UniqueConstraint(
                "course", Lower("email"), "role", name="uq_invitation_course_email_role"
            ),
            models.CheckConstraint(
                condition=Q(role__in=("student", "instructor")), name="ck_invitation_role"
            ),
        )

    def __str__(self) -> str:
        return self.email


class Interactive(models.Model):
    """A course's switches for a question. Without a row, it is enabled and gives feedback."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="interactives")
    question = models.ForeignKey(Question, models.CASCADE, related_name="interactives")
    enabled = models.BooleanField(_("enabled"), default=True)
    provide_feedback = models.BooleanField(_("provide feedback"), default=True)
    dropped = models.BooleanField(
        _("dropped"), default=False, help_text=_("It counts neither for nor against anybody.")
    )
    full_points = models.BooleanField(
        _("full points"), default=False, help_text=_("For everybody, answered or not.")
    )

    class Meta:
        verbose_name = _("interactive")
        verbose_name_plural = _("interactives")
        constraints = (
            models.UniqueConstraint(
                fields=("course", "question"), name="uq_interactive_course_question"
            ),
        )

    def __str__(self) -> str:
        return str(self.question)
