"""Runs `check --deploy` with settings for production, and fails if it gives any warning."""

import os
import subprocess
import sys
import tempfile

PRODUCTION = {
    "SECRET_KEY": "a-long-random-text-that-nobody-knows-0123456789-abcdefghijklm",
    "BOOKBINDER_SITE_URL": "https://books.example.org",
    "BOOKBINDER_PROXIES": "1",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.org:587",
    "DATABASE_URL": "postgresql://books@/books",
    "CACHE_URL": "locmemcache://",
    "STRIPE_SECRET_KEY": "sk_live_no_key",
    "STRIPE_WEBHOOK_SECRET": "whsec_no_secret",
}


def main() -> int:
    with tempfile.TemporaryDirectory() as data:
        environment = {k: v for k, v in os.environ.items() if k not in ("DEBUG", "ALLOWED_HOSTS")}
        environment |= PRODUCTION | {"BOOKBINDER_DATA_DIR": data}
        command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
        return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
