"""Who may do what: one table from permissions to rules, filled by each app when it starts.

A rule is a function that returns, for a user, a `Q` for the rows of the permission's model on which
the user has the permission. Permission checks, querysets and the admin all read this table, so that
each right is defined only once. A rule uses subqueries and never joins to many rows, since a join
would return a row more than once.
"""

from collections.abc import Callable
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q

from accounts.models import User

Rule = Callable[[User], Q]
Person = User | AnonymousUser

NOTHING = Q(pk__in=())
# Not an empty Q(), since `Q() | rule` is the same as `rule`.
EVERYTHING = Q(pk__isnull=False)

_models: dict[str, type[Model]] = {}
_rules: dict[str, list[Rule]] = {}
_open_to_all: dict[str, Q] = {}
_limits_of_admins: dict[str, Rule] = {}


def allow(permission: str, model: type[Model], *rules: Rule) -> None:
    """Grant `permission` on the rows of `model` that at least one of `rules` selects."""
    _models[permission] = model
    _rules.setdefault(permission, []).extend(rules)


def allow_all(permission: str, model: type[Model], rows: Q) -> None:
    """Grant `permission` on `rows` to everybody, including people without an account."""
    _models[permission] = model
    _rules.setdefault(permission, [])
    _open_to_all[permission] = rows


def limit_admins(permission: str, rule: Rule) -> None:
    """Let admins use `permission` only on the rows that `rule` selects, instead of on all rows."""
    _limits_of_admins[permission] = rule


def rows(user: Person, permission: str) -> Q:
    """Return a `Q` for the rows of the permission's model on which `user` has `permission`."""
    if isinstance(user, User) and user.is_superuser:
        limit = _limits_of_admins.get(permission)
        return limit(user) if limit else EVERYTHING
    found = _open_to_all.get(permission, NOTHING)
    if isinstance(user, User) and user.is_active:
        for rule in _rules.get(permission, ()):
            found |= rule(user)
    return found


def may(user: Person, permission: str, obj: Model | None = None) -> bool:
    """Return whether `user` has `permission` on `obj` or, without `obj`, on any row at all.

    Raises TypeError if `obj` is not an instance of the permission's model.
    """
    model = _models.get(permission)
    if isinstance(user, User) and user.is_superuser and permission not in _limits_of_admins:
        return True
    if model is None:
        return False
    if obj is not None and not isinstance(obj, model):
        raise TypeError(f"{permission} is about {model.__name__}, not {type(obj).__name__}")
    found = model._default_manager.filter(rows(user, permission))
    return (found if obj is None else found.filter(pk=obj.pk)).exists()


def permissions() -> dict[str, type[Model]]:
    """Return the model of each permission, by the permission's name."""
    return dict(_models)


def fill() -> None:
    """Add this app's rules to the table."""
    allow("accounts.change_user", User)
    # With an address again, an account that lost its name would be somebody's.
    limit_admins("accounts.change_user", lambda user: Q(erased_at=None))


class RulesBackend(AuthenticationBackend):
    """Signs people in by e-mail address, as allauth does, and reads permissions from the table."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return may(user_obj, perm, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        if getattr(user_obj, "is_superuser", False):
            return True
        prefix = f"{app_label}."
        return any(may(user_obj, name) for name in _models if name.startswith(prefix))

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return an empty set: permissions depend on rows, so they cannot be listed for a user."""
        return set()
