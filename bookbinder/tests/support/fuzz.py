"""Sends requests that schemathesis generates from the OpenAPI schema, as one user."""

import os
from collections import Counter
from typing import Any

import schemathesis
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS

from accounts.models import User

NAMES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


def session(site: str, user: User | None) -> dict[str, str]:
    """Return the headers of a browser in which `user` is signed in, with a CSRF token."""
    client = Client()
    if user is not None:
        client.force_login(user, backend="accounts.access.RulesBackend")
    client.get("/accounts/login/" if user is None else "/accounts/logout/")
    cookies = "; ".join(f"{name}={one.value}" for name, one in client.cookies.items())
    token = client.cookies["csrftoken"].value
    return {"Cookie": cookies, "X-CSRFToken": token, "Referer": site}


def fuzz(site: str, user: User | None, examples: int, real: dict[str, list[Any]]) -> Counter[int]:
    """Send `examples` requests to each operation; return how often each status was returned.

    `real` maps path parameters to values that exist, which replace most of the generated values.
    The requests are always the same, unless FUZZ_REQUESTS is set: a failure is due to a change.
    Raises what schemathesis finds.
    """
    schema = schemathesis.openapi.from_url(f"{site}/api/openapi.json")
    headers, statuses = session(site, user), Counter[int]()
    checks = CHECKS.get_by_names(list(NAMES))
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]

        @settings(
            max_examples=examples, deadline=None, database=None,
            derandomize="FUZZ_REQUESTS" not in os.environ,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(), data=st.data())
        def send(case: Any, data: Any) -> None:
            for name in case.path_parameters:
                if data.draw(st.integers(0, 3), label=f"a real {name}"):
                    case.path_parameters[name] = data.draw(st.sampled_from(real[name]))
            response = case.call(headers=headers)
            statuses[response.status_code] += 1
            case.validate_response(response, checks=checks)

        send()
    return statuses
