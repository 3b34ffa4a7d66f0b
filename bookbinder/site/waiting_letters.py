"""The daily e-mail about what waits for a person. It contains numbers and links, and no names."""

from django.db.models import Q
from django.utils import timezone

from accounts import waiting
from accounts.models import User
from books.models import Author
from grading.models import Instructor


def send_all() -> int:
    """Send those that are due, and return how many were sent.

    A person gets one only if something has come since the last one.
    """
    runs_something = (
        Q(type__in=(User.Type.AUTHOR, User.Type.ADMIN))
        | Q(pk__in=Author.objects.values("user"))
        | Q(pk__in=Instructor.objects.values("user"))
    )
    people = User.objects.filter(runs_something, is_active=True, wants_waiting_letters=True)
    return sum(map(_send, people.order_by("pk")))


def _send(user: User) -> bool:
    now = timezone.now()
    if user.waiting_told_at and not waiting.has_come(user, user.waiting_told_at):
        return False
    waits = waiting.for_person(user).kinds
    if not waits:
        return False
    User.objects.filter(pk=user.pk).update(waiting_told_at=now)
    name = user.get_full_name()
    waiting.LETTERS.send("email/waiting.txt", user, {"name": name, "waits": waits})
    return True
