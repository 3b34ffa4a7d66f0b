"""Removes the name and the addresses of a person from the history of the admin."""

import json
import re

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.models import User
from accounts.personal_data import table
from accounts.personal_data.own import addresses_of

# Their rows are called by the full name of their person, without an address.
_CALLED_BY_NAME = ("mfa", "socialaccount")


def remove(user: User) -> None:
    """Replace what names the person in entries about their rows, and in entries about others.

    Other rows, such as courses, name the instructors that were added to them.
    """
    former = f"Former student {user.pk}"
    for entry in table.entries():
        if entry.person:
            kind = ContentType.objects.get_for_model(entry.model)
            rows = entry.rows_of(user).annotate(logged=Cast("pk", TextField())).values("logged")
            about = LogEntry.objects.filter(content_type=kind, object_id__in=rows)
            about.update(object_repr=former)
    name, addresses = user.get_full_name(), {user.email.lower(), *addresses_of(user)}
    by_name = LogEntry.objects.filter(content_type__app_label__in=_CALLED_BY_NAME)
    by_name.filter(object_repr=name).update(object_repr=former)
    has_namesake = _namesakes(user).exists()
    wanted = set(addresses) if has_namesake else {*addresses, f"{name} <"}
    found = Q()
    for text in wanted:
        found |= Q(object_repr__icontains=text) | Q(change_message__icontains=_in_json(text))
    for change in LogEntry.objects.filter(found):
        change.object_repr = _pattern(name, addresses, has_namesake).sub(former, change.object_repr)
        in_json = _pattern(_in_json(name), addresses, has_namesake)
        change.change_message = in_json.sub(former, change.change_message)
        change.save(update_fields=["object_repr", "change_message"])


def _namesakes(user: User) -> QuerySet[User]:
    same = User.objects.filter(first_name=user.first_name, last_name=user.last_name)
    return same.exclude(pk=user.pk)


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _pattern(name: str, addresses: set[str], has_namesake: bool) -> re.Pattern[str]:
    """Return what matches a person's name with an address, and each of their addresses alone.

    Without a namesake, any address after the name was theirs.
    """
    own = "|".join(map(re.escape, sorted(addresses)))
    after_name = own if has_namesake else "[^<>]*"
    # Not inside a longer address.
    alone = rf"(?<![\w.+-])(?:{own})(?![\w-]|\.\w)"
    return re.compile(rf"{re.escape(name)} <(?:{after_name})>|{alone}", re.IGNORECASE)
