"""How passwords are hashed, and how many at a time.

A hash takes about 50 ms of CPU on purpose. So that people who try passwords cannot take all of the
server's time, each process computes at most `AT_ONCE` hashes at a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher

from accounts.errors import TooMany

AT_ONCE = 2
PATIENCE = 10  # seconds that others wait
_turns = BoundedSemaphore(AT_ONCE)


@contextmanager
def _turn() -> Iterator[None]:
    """Wait until fewer than `AT_ONCE` hashes are being computed. Raises TooMany."""
    if not _turns.acquire(timeout=PATIENCE):
        raise TooMany(PATIENCE)
    try:
        yield
    finally:
        _turns.release()


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with 46 MiB of memory, one pass and one thread.

    These are the first of the equivalent parameters that OWASP recommends:
    https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
    """

    memory_cost = 47_104  # KiB
    time_cost = 1
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _turn():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _turn():
            return super().verify(password, encoded)


class PBKDF2Hasher(PBKDF2PasswordHasher):
    """Verifies hashes of earlier versions, which are replaced when their owners sign in."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with _turn():  # `verify` calls this too
            return super().encode(password, salt, iterations)
