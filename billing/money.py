"""Amounts of money: integers in the smallest unit of a currency, as at Stripe."""

from decimal import Decimal

from django.utils.translation import get_language

# See https://docs.stripe.com/currencies: Stripe's list differs from ISO 4217 in some places.
WITHOUT_DECIMALS = frozenset(
    """bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf""".split()  # noqa: SIM905
)
WITH_THREE = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))


def decimals(currency: str) -> int:
    """Return the number of decimals of a currency, which is given by its lower-case code."""
    if currency in WITHOUT_DECIMALS:
        return 0
    return 3 if currency in WITH_THREE else 2


def whole(amount: int, currency: str) -> Decimal:
    """Return the amount in the currency's main unit: 2490 in `eur` is 24.90."""
    return Decimal(amount).scaleb(-decimals(currency))


def in_words(amount: int, currency: str) -> str:
    """Return the amount as text, formatted for the active language."""
    # Imported here, since most commands and requests do not show any price.
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
