"""A stand-in for Stripe with the same HTTP interface, for the tests and for `DEMO_PAYMENTS=1`.

The site's real SDK talks to it through `STRIPE_API_BASE`. It checks every parameter against the
types that the SDK itself declares, honors idempotency keys, has a page on which to pay, signs
webhooks as Stripe does, and can be made to delay, repeat, reorder, drop and fail. It takes no money
and never runs with real keys.
"""
