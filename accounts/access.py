"""Who may do what: one table from a permission to its rules, filled by each app when it starts.

A rule tells, for a user, which rows of the permission's model it opens, as a `Q`. Permissions,
querysets and the admin read the same table, so a right is said once. A rule never joins to many
rows (it uses subqueries), so that no row comes out twice.
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
# Not Q(): `Q() | rule` is the rule alone.
EVERYTHING = Q(pk__isnull=False)

_models: dict[str, type[Model]] = {}
_rules: dict[str, list[Rule]] = {}
_open_to_all: dict[str, Q] = {}
_limits_of_admins: dict[str, Rule] = {}


def allow(permission: str, model: type[Model], *rules: Rule) -> None:
    """Let who fulfils one of `rules` use `permission` on those rows of `model`."""
    _models[permission] = model
    _rules.setdefault(permission, []).extend(rules)


def allow_all(permission: str, model: type[Model], rows: Q) -> None:
    """Let anyone, also without an account, use `permission` on `rows`."""
    _models[permission] = model
    _rules.setdefault(permission, [])
    _open_to_all[permission] = rows


def limit_admins(permission: str, rule: Rule) -> None:
    """Let admins use `permission` on the rows of `rule` alone, not on everything."""
    _limits_of_admins[permission] = rule


def rows(user: Person, permission: str) -> Q:
    """Return which rows of the permission's model `user` may use it on."""
    if isinstance(user, User) and user.is_superuser:
        limit = _limits_of_admins.get(permission)
        return limit(user) if limit else EVERYTHING
    found = _open_to_all.get(permission, NOTHING)
    if isinstance(user, User) and user.is_active:
        for rule in _rules.get(permission, ()):
            found |= rule(user)
    return found


def may(user: Person, permission: str, obj: Model | None = None) -> bool:
    """Whether `user` has `permission` on `obj`; without one, on any row at all.

    Raises TypeError for an object that the permission is not about.
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
    """Return every permission with the model it is about."""
    return dict(_models)


class RulesBackend(AuthenticationBackend):
    """Signs in by e-mail as allauth does, and answers `has_perm` from the table."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return may(user_obj, perm, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        if getattr(user_obj, "is_superuser", False):
            return True
        prefix = f"{app_label}."
        return any(may(user_obj, name) for name in _models if name.startswith(prefix))

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()
