"""A stand-in for Stripe that speaks its HTTP, for the tests and for `DEMO_PAYMENTS=1`.

The site's real SDK talks to it through `STRIPE_API_BASE`. It checks every parameter against the
types that the SDK itself declares, keeps idempotency keys, has a page on which to pay, signs
webhooks as Stripe does, and can be told to delay, repeat, reorder, drop and fail. It takes no money
and never runs beside real keys.
"""
