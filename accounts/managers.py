from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager

if TYPE_CHECKING:
    from accounts.models import User


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an account. The user name is derived from the e-mail address, as at sign-up."""
        from allauth.utils import generate_unique_username

        email = email.strip().lower()
        fields.setdefault("username", generate_unique_username([email, "user"]))
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an account of type admin."""
        from accounts.models import User

        return self.create_user(email, password, **fields | {"type": User.Type.ADMIN})

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the account with this e-mail address, in upper or lower case.

        Raises User.DoesNotExist if there is none.
        """
        return self.get(email__iexact=username)
