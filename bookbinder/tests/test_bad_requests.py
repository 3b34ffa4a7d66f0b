"""Whatever is sent, the answer is a 4xx and never a 500; on both databases."""

import json
import uuid

import pytest

HUGE = 10**30
PATHS = [
    "/books/tiny/a%00b.html",
    "/books/tiny/%F0%28%8C%BC.html",
    "/books/" + "x" * 5_000 + "/",
    "/books/tiny/" + "x/" * 500 + "y.html",
    "/books/tiny/a%00/",
    "/answer/tiny/a%00b",
    "/answer/tiny/numbers?label=%00",
    "/join/a%00b/",
    "/join/?code=%00",
    "/join/" + "x" * 5_000 + "/",
    "/api/state/tiny/a%00b",
    "/api/state/%00/numbers",
    f"/api/state/tiny/numbers?course={HUGE}",
    f"/api/state/tiny/numbers?course=-{HUGE}",
    "/api/state/tiny/numbers?course=x",
    "/accounts/login/?next=//evil.example",
    "/accounts/signup/?next=javascript:alert(1)",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", [None, "sam"])
def test_an_odd_address_is_no_error_of_ours(client, as_user, adding, course, request, path, name):
    if name:
        as_user(request.getfixturevalue(name))
    response = client.get(path)
    assert response.status_code < 500
    assert "evil.example" not in response.headers.get("Location", "")


def test_the_api_refuses_nul_in_json(as_user, sam, page):
    response = as_user(sam).get(f"/api/pages/{page.pk}/annotations?after=%00")
    assert response.status_code == 400
    assert response.json() == {"detail": "NUL in an address."}


@pytest.mark.parametrize("question", [HUGE, -1, 0])
def test_an_odd_question_is_not_found(as_user, sam, adding, question):
    data = json.dumps({"answer": "4", "client_key": str(uuid.uuid4())})
    path = f"/api/questions/{question}/answers"
    response = as_user(sam).post(path, data, content_type="application/json")
    assert response.status_code in (404, 422)


@pytest.mark.parametrize("odd", [HUGE, -HUGE, "x", [], {}, 1.5])
def test_an_odd_course_is_refused(as_user, sam, adding, odd):
    data = json.dumps({"answer": "4", "client_key": str(uuid.uuid4()), "course": odd})
    path = f"/api/questions/{adding.pk}/answers"
    response = as_user(sam).post(path, data, content_type="application/json")
    assert 400 <= response.status_code < 500


@pytest.mark.parametrize(
    "over", [{"label": "\0"}, {"answer": "\0"}, {"client_key": "\0"}, {"label": "x" * 10_000}]
)
def test_an_odd_form_is_refused(as_user, sam, adding, over):
    data = {"label": "adding", "answer": "4", "client_key": str(uuid.uuid4())} | over
    response = as_user(sam).post("/answer/tiny/numbers", data, follow=True)
    assert response.status_code < 500
    assert not adding.attempts.exists()


@pytest.mark.parametrize("code", ["\0", "%", "'", "x" * 10_000, "é"])
def test_an_odd_join_code_is_told_to_be_none(as_user, eve, course, code):
    response = as_user(eve).get("/join/", {"code": code}, follow=True)
    assert response.status_code < 500
