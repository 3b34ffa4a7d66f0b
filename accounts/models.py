from collections.abc import Iterable
from typing import Any

from django.contrib import auth
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.managers import UserManager
from accounts.names import check_name


class User(AbstractBaseUser):
    """A person's account.

    What the person may do depends on `type` and on rows of other apps; see `accounts.access`.
    """

    class Type(models.TextChoices):
        USER = "user", _("user")
        AUTHOR = "author", _("author")
        ADMIN = "admin", _("admin")

    email = models.EmailField(_("e-mail"), max_length=254)
    username = models.CharField(_("user name"), max_length=150)
    first_name = models.CharField(_("first name"), max_length=150, validators=(check_name,))
    last_name = models.CharField(_("last name"), max_length=150, validators=(check_name,))
    type = models.CharField(_("type"), max_length=10, choices=Type.choices, default=Type.USER)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    policy_version = models.CharField(_("policy agreed to"), max_length=20, blank=True)
    policy_agreed_at = models.DateTimeField(_("agreed at"), null=True, blank=True)
    wants_reply_letters = models.BooleanField(_("e-mails about replies to notes"), default=True)
    wants_waiting_letters = models.BooleanField(_("daily e-mails about what waits"), default=True)
    # When the last of them was sent.
    waiting_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When the account will be deleted, if its owner has asked for that.
    erasure_due_at = models.DateTimeField(_("to be deleted"), null=True, blank=True)
    # When the account lost its name, because others need some of its rows.
    erased_at = models.DateTimeField(_("deleted"), null=True, blank=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["first_name", "last_name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = (
            models.UniqueConstraint(fields=("email",), name="uq_user_email"),
            models.UniqueConstraint(Lower("email"), name="uq_user_email_lower"),
            models.UniqueConstraint(fields=("username",), name="uq_user_username"),
            models.CheckConstraint(
                condition=Q(type__in=("user", "author", "admin")), name="ck_user_type"
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(is_active=False),
                name="ck_user_erased_at_is_active",
            ),
            models.CheckConstraint(condition=~Q(first_name=""), name="ck_user_first_name"),
            models.CheckConstraint(condition=~Q(last_name=""), name="ck_user_last_name"),
        )
        indexes = (
            models.Index(fields=("last_name", "first_name"), name="ix_user_last_name_first_name"),
        )

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the account, but not, from an object that is older, what an erasure has written.

        An account that has been deleted meanwhile is not inserted again: raises DatabaseError.
        """
        if not self._state.adding and not kwargs.get("update_fields"):
            names = {field.name for field in self._meta.concrete_fields if not field.primary_key}
            kwargs["update_fields"] = names - {"erasure_due_at", "erased_at"}
        super().save(*args, **kwargs)

    def __str__(self) -> str:
        return f"{self.get_full_name()} <{self.email}>"

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    def get_short_name(self) -> str:
        return self.first_name

    @property
    def is_superuser(self) -> bool:
        """Return whether this is an active account of type admin."""
        return self.is_active and self.type == self.Type.ADMIN

    @cached_property
    def is_staff(self) -> bool:
        """Whether the user may enter the admin. Costs a query once, except for admins."""
        return self.has_perm("accounts.enter_admin", self)

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        return any(
            backend.has_perm(self, perm, obj=obj)
            for backend in auth.get_backends()
            if hasattr(backend, "has_perm")
        )

    def has_perms(self, perms: Iterable[str], obj: models.Model | None = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        return any(
            backend.has_module_perms(self, app_label)
            for backend in auth.get_backends()
            if hasattr(backend, "has_module_perms")
        )


class TryCount(models.Model):
    """How often somebody has tried something in a period; see `accounts.limits`."""

    key = models.CharField(max_length=200)
    number = models.PositiveIntegerField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("key",), name="uq_trycount_key"),)
        indexes = (models.Index(fields=("expires_at",), name="ix_trycount_expires_at"),)

    def __str__(self) -> str:
        return self.key


class UnsentLetter(models.Model):
    """An e-mail that could not be sent yet; see `accounts.letters`."""

    to = models.EmailField(max_length=254)
    subject = models.TextField()
    body = models.TextField()
    headers = models.JSONField(default=dict)
    tries = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("unsent e-mail")
        verbose_name_plural = _("unsent e-mails")

    def __str__(self) -> str:
        return self.subject
