"""The base class of this app's exceptions."""


class BillingError(Exception):
    """A payment cannot be made, changed or refunded. The text says why, without any secrets."""
