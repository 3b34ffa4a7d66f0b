"""The parameters of a request: decoded as Stripe does, and checked against the SDK's types."""

import re
import types
import typing
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

import typing_extensions
from stripe import RequestOptions

# Names in the annotations of RequestOptions, from which every TypedDict of the SDK inherits.
ELSEWHERE = {"StripeContext": str, "Mapping": typing.Mapping}
OPTIONS = frozenset(RequestOptions.__annotations__)
_PART = re.compile(r"\[([^\]]*)\]")


def decode(body: str) -> dict[str, Any]:
    """Return form data as nested dicts: `a[b][0]=c` becomes {"a": {"b": {"0": "c"}}}."""
    decoded: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True, strict_parsing=bool(body)):
        head, _bracket, _rest = name.partition("[")
        keys = [head, *_PART.findall(name)]
        inner = decoded
        for key in keys[:-1]:
            inner = inner.setdefault(key, {})
        inner[keys[-1]] = value
    return decoded


def problems(params: dict[str, Any], typed: Any) -> list[str]:
    """Return a message for each parameter that is unknown, missing or of a wrong type.

    `typed` is the SDK's TypedDict for the parameters.
    """
    return list(_of_dict(params, typed, ""))


def _of_dict(value: Any, typed: Any, path: str) -> Iterable[str]:
    if not isinstance(value, dict):
        yield f"{path}: must be a hash"
        return
    hints = typing.get_type_hints(typed, localns=ELSEWHERE)
    known = {name: hint for name, hint in hints.items() if name not in OPTIONS}
    yield from (f"{path}{name}: is required" for name in typed.__required_keys__ - value.keys())
    for name, inner in value.items():
        if name in known:
            yield from _of(inner, known[name], f"{path}{name}")
        else:
            yield f"{path}{name}: unknown parameter"


def _of(value: Any, hint: Any, path: str) -> Iterable[str]:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        yield from _of_union(value, args, path)
    elif origin is typing.Literal:
        if value not in map(str, args):
            yield f"{path}: must be one of {', '.join(map(str, args))}"
    elif origin is list:
        yield from _of_list(value, args[0], path)
    elif typing_extensions.is_typeddict(hint):
        yield from _of_dict(value, hint, f"{path}.")
    else:
        yield from _of_scalar(value, dict if origin is dict else hint, path)


def _of_union(value: Any, hints: tuple[Any, ...], path: str) -> Iterable[str]:
    # The SDK's "Literal[…] | str" allows for future values; here, only known values are accepted.
    strict = [hint for hint in hints if hint is not str] if _has_literal(hints) else hints
    found = [list(_of(value, hint, path)) for hint in strict]
    if all(found):
        yield from found[0]


def _has_literal(hints: Iterable[Any]) -> bool:
    return any(typing.get_origin(hint) is typing.Literal for hint in hints)


def _of_list(value: Any, hint: Any, path: str) -> Iterable[str]:
    if not isinstance(value, dict) or any(not key.isdigit() for key in value):
        yield f"{path}: must be an array"
        return
    for key, inner in value.items():
        yield from _of(inner, hint, f"{path}[{key}]")


PATTERNS = {int: r"-?\d+", bool: r"true|false", float: r"-?\d+(\.\d+)?", str: r"(?s).*"}


def _of_scalar(value: Any, hint: Any, path: str) -> Iterable[str]:
    pattern = PATTERNS.get(hint)
    if hint is dict and isinstance(value, dict):
        return
    if pattern is None or not isinstance(value, str) or not re.fullmatch(pattern, value):
        yield f"{path}: must be {getattr(hint, '__name__', hint)}"
