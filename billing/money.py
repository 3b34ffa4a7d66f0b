"""Amounts: whole numbers of a currency's smallest unit, as Stripe counts them."""

from decimal import Decimal

from django.utils.translation import get_language

# https://docs.stripe.com/currencies: Stripe's own list differs from ISO 4217 here and there.
WITHOUT_DECIMALS = frozenset(
    """bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf""".split()  # noqa: SIM905
)
WITH_THREE = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))


def decimals(currency: str) -> int:
    if currency in WITHOUT_DECIMALS:
        return 0
    return 3 if currency in WITH_THREE else 2


def whole(amount: int, currency: str) -> Decimal:
    """Return the amount in the currency's unit: 2490 of eur is 24.90."""
    return Decimal(amount).scaleb(-decimals(currency))


def in_words(amount: int, currency: str) -> str:
    """Return the amount as people of the language in use write it."""
    # Imported here, since most commands and requests write no price.
    from babel.core import UnknownLocaleError
    from babel.numbers import format_currency

    digits = decimals(currency)
    pattern = "¤#,##0" + ("." + "0" * digits if digits else "")
    language = (get_language() or "en").replace("-", "_")
    value, code = whole(amount, currency), currency.upper()
    try:
        return format_currency(value, code, pattern, locale=language, currency_digits=False)
    except (UnknownLocaleError, ValueError):
        return format_currency(value, code, pattern, locale="en", currency_digits=False)
