"""The types that all parts of the API share."""

from typing import Annotated, Any

from ninja import Schema
from pydantic import Field

Pk = Annotated[int, Field(ge=1, lt=2**63)]


class Problem(Schema):
    """Why a request was refused, for the person who made it."""

    detail: str


class Invalid(Schema):
    """What is wrong with the form of a request, and where."""

    detail: list[Any]
