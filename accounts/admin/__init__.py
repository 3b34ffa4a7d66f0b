"""Accounts in the admin; `base` is what every admin class of ours stands on."""

from accounts.admin import people  # noqa: F401 - it registers its classes
