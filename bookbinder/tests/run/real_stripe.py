"""Runs the tests that pay for a course at the real Stripe, in test mode (`make test-stripe`)."""

import os
import subprocess
import sys


def main() -> int:
    key = os.environ.get("STRIPE_SECRET_KEY", "")
    if not key.startswith(("sk_test_", "rk_test_")):
        print("STRIPE_SECRET_KEY is missing: set it to a key of Stripe's test mode (sk_test_...).")
        return 2
    command = [sys.executable, "-m", "pytest", "-m", "stripe", "bookbinder/tests/e2e"]
    return subprocess.run(command).returncode


if __name__ == "__main__":
    sys.exit(main())
