"""Deleting the account of a person: at once, or after days in which they can change their mind.

What others need stays without a name: payments, and answers in courses that are open or closed a
short time ago. The account is then called "Former student 12", has an address that does not exist,
and nobody can sign in to it. Without such a reason, the account itself is deleted.
"""

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import letters, mail
from accounts.models import User
from accounts.personal_data import logged_names, table
from accounts.personal_data.table import Erasure

WAIT = timedelta(days=14)
log = logging.getLogger(__name__)


class ErasureError(Exception):
    """The account cannot be deleted. The text says why, and what to do."""


@dataclass(frozen=True)
class Line:
    """What becomes of the person's rows of one model."""

    title: str
    number: int
    erasure: Erasure


@dataclass(frozen=True)
class Plan:
    """What a deletion would do. `reasons` say why the account stays without a name, if it does.

    `named_in` is the number of other rows that name the person as who has done something.
    """

    lines: tuple[Line, ...]
    reasons: tuple[str, ...]
    named_in: int


def make_plan(user: User) -> Plan:
    """Count what the deletion of an account would delete, and what would stay without a name."""
    reasons = _reasons(user)
    lines = []
    for entry in table.entries():
        number = entry.rows_of(user).count() if entry.title else 0
        if number:
            erasure = entry.erasure if reasons else Erasure.DELETED
            lines.append(Line(str(entry.title), number, erasure))
    named_in = sum(
        entry.model._base_manager.filter(**{name: user.pk}).count()
        for entry in table.entries()
        for name in entry.named_in
    )
    return Plan(tuple(lines), reasons, named_in)


def _reasons(user: User) -> tuple[str, ...]:
    asked = (entry.reason_to_stay(user) for entry in table.entries() if entry.reason_to_stay)
    return tuple(str(reason) for reason in asked if reason)


def reason_against(user: User) -> str:
    """Return why the account must not be deleted, or ""."""
    if user.erased_at:
        return _("This account has already lost its name.")
    others = User.objects.filter(type=User.Type.ADMIN, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        return _("This is the only admin. Make somebody else an admin first.")
    return ""


def _check(user: User) -> None:
    reason = reason_against(user)
    if reason:
        raise ErasureError(reason)


def ask(user: User) -> datetime:
    """Have the account deleted in a while, e-mail the person how to keep it, and return when.

    Raises ErasureError if it must not be deleted.
    """
    _check(user)
    if user.erasure_due_at is None:
        user.erasure_due_at = timezone.now() + WAIT
        user.save(update_fields=["erasure_due_at"])
        letters.send(mail.compose("email/erasure_asked.txt", user.email, {"person": user}))
    return user.erasure_due_at


def keep(user: User) -> None:
    """Take back what `ask` has done."""
    User.objects.filter(pk=user.pk).update(erasure_due_at=None)


def erase(user: User) -> bool:
    """Delete an account now, and return whether it stays without a name.

    Raises ErasureError if it must not be deleted.
    """
    with transaction.atomic():
        user = _locked(user.pk)
        _check(user)
        message = mail.compose("email/erased.txt", user.email, {"person": user})
        for entry in table.entries():
            # In the order in which a sync locks, so that the two never wait for one another.
            if entry.lock:
                entry.lock(user)
        logged_names.remove(user)
        # Apps that stand on others come last in the table, and their rows go first.
        for entry in reversed(table.entries()):
            if entry.erase:
                entry.erase(user)
            elif entry.erasure is Erasure.DELETED:
                entry.rows_of(user).delete()
            for name in entry.named_in:
                entry.model._base_manager.filter(**{name: user.pk}).update(**{name: None})
        is_nameless = bool(_reasons(user))
        if is_nameless:
            _make_nameless(user)
        else:
            user.delete()
        transaction.on_commit(lambda: mail.send(message))
    return is_nameless


def _locked(pk: int) -> User:
    """Lock an account and, if it is an admin's, all admins: of the last two, one stays."""
    admins = User.objects.filter(type=User.Type.ADMIN, is_active=True)
    if admins.filter(pk=pk).exists():
        list(admins.select_for_update(no_key=True).order_by("pk"))
    return User.objects.select_for_update(no_key=True).get(pk=pk)


def _make_nameless(user: User) -> None:
    User.objects.filter(pk=user.pk).update(
        email=f"former-student-{user.pk}@erased.invalid",
        username=uuid.uuid4().hex,  # nobody else can have taken it
        first_name="Former",
        last_name=f"student {user.pk}",
        type=User.Type.USER,
        is_active=False,
        wants_reply_letters=False,
        wants_waiting_letters=False,
        waiting_told_at=None,
        password=make_password(None),
        last_login=None,
        policy_version="",
        policy_agreed_at=None,
        erasure_due_at=None,
        erased_at=timezone.now(),
    )


def erase_due() -> int:
    """Delete the accounts whose time has come, and return how many.

    An account that cannot be deleted does not stop the others. Raises ErasureError at the end if
    there was one.
    """
    done, failed = 0, []
    due = User.objects.filter(erasure_due_at__lte=timezone.now()).order_by("pk")
    for pk in list(due.values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                user = _locked(pk)
                # Not who has changed their mind meanwhile.
                is_due = due.filter(pk=pk).exists()
                if is_due:
                    erase(user)
            done += is_due
        except Exception as error:
            is_known = isinstance(error, ErasureError)
            log.error("The account %d could not be deleted", pk, exc_info=not is_known)
            failed.append(f"account {pk}: {error}")
    if failed:
        raise ErasureError("; ".join(failed))
    return done


def forget_nameless() -> int:
    """Delete the accounts without a name of which nothing is left, and return how many."""
    kept = [
        entry
        for entry in table.entries()
        if entry.erasure in (Erasure.NAMELESS, Erasure.EMPTIED) and entry.model is not User
    ]
    done = 0
    for user in User.objects.filter(erased_at__isnull=False):
        if not any(entry.rows_of(user).exists() for entry in kept):
            user.delete()
            done += 1
    return done
