"""Accounts in the admin. `base` contains the base classes of all our admin classes."""

from accounts.admin import people  # noqa: F401 - it registers its classes
