"""The base of this app's errors."""


class BillingError(Exception):
    """A payment cannot be made, changed or returned; the text says why, and holds no secret."""
