"""The types that all parts of the API share."""

from typing import Annotated, Any

from ninja import Schema
from pydantic import Field

Pk = Annotated[int, Field(ge=1, lt=2**63)]


class Problem(Schema):
    """Why a request was refused, as a text for the person who made it."""

    detail: str


class Invalid(Schema):
    """What is wrong with the format of a request, and where."""

    detail: list[Any]
