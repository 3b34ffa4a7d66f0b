"""How passwords are hashed, and how many at a time.

A hash takes about 50 ms of CPU on purpose. So that people who try passwords cannot take all of the
server's time, each process computes at most `AT_ONCE` hashes at a time, in threads that give way to
all others.
"""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher

from accounts.errors import TooMany

AT_ONCE = 2
PATIENCE = 10  # seconds that others wait
NICENESS = 10  # of their threads: a tenth of the CPU beside a thread that does not give way
Result = TypeVar("Result")


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere, this would slow down the whole process
        os.nice(NICENESS)


_workers = ThreadPoolExecutor(AT_ONCE, "hasher", _give_way)


def _in_turn(work: Callable[[], Result]) -> Result:
    """Do `work` when fewer than `AT_ONCE` hashes are being computed. Raises TooMany."""
    done = _workers.submit(work)
    try:
        return done.result(timeout=PATIENCE)
    except TimeoutError:
        done.cancel()
        raise TooMany(PATIENCE) from None


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with 46 MiB of memory, one pass and one thread.

    These are the first of the equivalent parameters that OWASP recommends:
    https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
    """

    memory_cost = 47_104  # KiB
    time_cost = 1
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        encode = super().encode
        return _in_turn(lambda: encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        verify = super().verify
        return _in_turn(lambda: verify(password, encoded))


class PBKDF2Hasher(PBKDF2PasswordHasher):
    """Verifies hashes of earlier versions, which are replaced when their owners sign in."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        encode = super().encode  # `verify` calls this too
        return _in_turn(lambda: encode(password, salt, iterations))
