from decimal import Decimal

from django import template

from grading import points

register = template.Library()


@register.simple_tag
def verdict_of(earned: Decimal | None, possible: Decimal) -> str:
    return points.verdict(earned, possible)


@register.simple_tag
def points_of(earned: Decimal | None, possible: Decimal) -> str:
    return points.in_words(earned, possible)
