"""A class of 200 answers while one of its members attacks the site: see `benchmarks.attacker`.

The site is served by gunicorn with two workers of four threads each. Requests of the class are sent
at fixed times, whether or not earlier ones have been answered, and waits are counted from there.
"""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import mean, quantiles
from urllib.parse import urlsplit

from accounts.models import User
from benchmarks import answering
from benchmarks.attacker import Person, answer
from benchmarks.figures import Bound, Figure
from benchmarks.serving import serving
from books.models import Question
from grading.models import Course, Enrollment

STUDENTS = 200
A_SECOND = 10  # answers of the class, each after a state call; one of each student in a round
ROUNDS = 4  # alone and with the hostile member, in turn
AT_ONCE = 64


def work(people: list[Person], questions: list[int], turn: int, waits: list[float]) -> None:
    """Have the class answer for a while, and add how long each request waited, in seconds."""
    begin = time.perf_counter() + 0.2
    # Everybody at another moment in each round.
    order = random.Random(turn).sample(range(len(people)), len(people))

    def answer_next(number: int) -> None:
        due = begin + number / A_SECOND
        time.sleep(max(0, due - time.perf_counter()))
        student = order[number]
        question = questions[number % len(questions)]
        assert people[student].send("GET", "/api/state/bench/p150") == 200
        waits.append(time.perf_counter() - due)
        due = time.perf_counter()
        assert answer(people[student], question, f"{turn} {number}") == 200
        waits.append(time.perf_counter() - due)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(answer_next, range(len(people))))


@contextmanager
def attacked_by(hostile: Person, page: int, question: int) -> Iterator[None]:
    told = (hostile.host, hostile.cookies, hostile.token, str(page), str(question))
    attacker = subprocess.Popen([sys.executable, "-m", "benchmarks.attacker", *told])
    try:
        time.sleep(3)  # until all of the attacks are under way
        yield
    finally:
        attacker.kill()
        attacker.wait()


def measure() -> list[Figure | Bound]:
    answering.fill()
    course = Course.objects.get()
    questions = list(Question.objects.order_by("pk").values_list("pk", flat=True)[: 2 * STUDENTS])
    users = User.objects.bulk_create(
        User(email=f"s{n}@bench.example", username=f"s{n}", first_name="S", last_name="L")
        for n in range(STUDENTS + 1)
    )
    Enrollment.objects.bulk_create(
        Enrollment(course=course, user=user, origin="free") for user in users
    )
    first = Question.objects.get(pk=questions[0])
    Question.objects.filter(pk=first.pk).update(grader="manual")  # it takes 100 kB
    warm: list[float] = []
    alone: list[float] = []
    attacked: list[float] = []
    with serving("--workers", "2", "--threads", "4") as site:
        host = urlsplit(site).netloc
        hostile, *people = (Person(host, *answering.session_of(user)) for user in users)
        work(people, questions[1:], 0, warm)
        for turn in range(ROUNDS):
            work(people, questions[1:], 2 * turn + 1, alone)
            with attacked_by(hostile, first.page_id, first.pk):
                work(people, questions[1:], 2 * turn + 2, attacked)
    name = f"a class of {STUDENTS} beside a hostile member: "
    note = f"the longest {1000 * max(attacked):.0f} ms after {1000 * max(alone):.0f}"
    return [
        Figure(name + "mean wait", mean(attacked), "the class alone", mean(alone), 2),
        Figure(
            name + "95th percentile",
            quantiles(attacked, n=20)[-1],
            "the class alone",
            quantiles(alone, n=20)[-1],
            2,
            note,
        ),
    ]
