"""One member of a class who does at once what one person could stop others with.

Each is done as often as it was reported: answers of 100 kB, wrong passwords, answers and notes of
deeply nested JSON, huge uploads, wrong join codes, notes that are deleted again, and pages that
count all of a person's rows. Knows nothing of Django, and is run as a process of its own.
"""

import http.client
import json
import random
import sys
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

NESTED = "[" * 9_990
HUGE = 600_000_000


@dataclass(frozen=True)
class Person:
    """Sends requests of a signed-in person to the site at `host`."""

    host: str
    cookies: str
    token: str

    def send(self, method: str, path: str, data: Any = None, **headers: str) -> int:
        """Return the status of the response, or 0 if the server closed the connection."""
        connection = http.client.HTTPConnection(self.host, timeout=60)
        body = data if isinstance(data, bytes | None) else json.dumps(data).encode()
        common = {"Cookie": self.cookies, "X-CSRFToken": self.token}
        kind = {"Content-Type": "application/json"}
        try:
            connection.request(method, path, body, common | kind | headers)
            response = connection.getresponse()
            response.read()
            return response.status
        except (ConnectionError, http.client.HTTPException):
            return 0
        finally:
            connection.close()


def answer(person: Person, question: int, text: str) -> int:
    data = {"answer": text, "client_key": str(uuid.uuid4())}
    return person.send("POST", f"/api/questions/{question}/answers", data)


def note(person: Person, page: int, body: str, key: str) -> int:
    text = {"type": "TextualBody", "format": "text/markdown", "value": body}
    data = {
        "@context": "http://www.w3.org/ns/anno.jsonld", "type": "Annotation",
        "motivation": "commenting", "body": text,
        "target": {"source": "http://localhost/books/bench/p0.html"},
        "bookbinder": {"audience": "private", "uuid": key},
    }  # fmt: skip
    return person.send("POST", f"/api/pages/{page}/annotations", data)


def form(person: Person, path: str, **fields: str) -> int:
    body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return person.send("POST", path, body, **kind)


def wrong_password(person: Person) -> int:
    """Try to sign in to an account of which nobody has counted the tries yet."""
    stranger = Person(person.host, f"csrftoken={person.token}", person.token)
    address = f"{uuid.uuid4().hex}@bench.example"
    return form(stranger, "/accounts/login/", login=address, password="wrong")


def write_and_delete(person: Person, page: int) -> int:
    key = str(uuid.uuid4())
    note(person, page, "Hm.", key)
    return person.send("DELETE", f"/api/annotations/{key}")


def attacks(person: Person, page: int, question: int) -> list[tuple[float, Callable[[], object]]]:
    """Return what the hostile member does, each with the number of times a second."""
    boundary = "multipart/form-data; boundary=x"
    return [
        (10, lambda: answer(person, question, uuid.uuid4().hex * 3_000)),
        (10, lambda: wrong_password(person)),
        (1, lambda: answer(person, question + 1, NESTED)),
        (1, lambda: note(person, page, NESTED, str(uuid.uuid4()))),
        (1, lambda: person.send("GET", "/api/state/bench/p0")),
        (
            1,
            lambda: person.send(
                "POST", "/notes/", b"--x", **{"Content-Type": boundary, "Content-Length": str(HUGE)}
            ),
        ),
        (1, lambda: person.send("GET", f"/join/?code=wrong{uuid.uuid4().hex[:6]}")),
        (1, lambda: write_and_delete(person, page)),
        (1, lambda: person.send("GET", "/accounts/")),
        (1, lambda: person.send("GET", "/admin/accounts/user/")),
    ]


def attack(person: Person, page: int, question: int) -> None:
    """Attack until the process is ended."""

    def again(times: float, act: Callable[[], object]) -> None:
        time.sleep(random.random() / times)
        while True:
            start = time.perf_counter()
            act()
            time.sleep(max(0, start + 1 / times - time.perf_counter()))

    acts = attacks(person, page, question)
    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(lambda pair: again(*pair), acts))


if __name__ == "__main__":
    host, cookies, token, page, question = sys.argv[1:]
    attack(Person(host, cookies, token), int(page), int(question))
