"""Prepares the demo site and serves it. Every step can be repeated."""

import io
import os
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LETTERS = "letters"  # the folder of e-mails, in the data folder
LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1", "[::1]"}


def secret_key(data: Path) -> str:
    """Return the secret key of this data folder, generated when it is first needed."""
    path = data / "secret_key"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


def set_environment() -> None:
    """Set the environment variables of Django that are not set yet."""
    data = Path(os.environ.setdefault("BOOKBINDER_DATA_DIR", str(ROOT / "var")))
    os.environ.setdefault("SECRET_KEY", secret_key(data))
    os.environ.setdefault("EMAIL_URL", f"filemail:///{data.resolve() / LETTERS}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookbinder.settings")


def foreign_hosts() -> set[str]:
    """Return the hosts other than this machine that the settings name."""
    from urllib.parse import urlsplit

    from django.conf import settings

    hosts = {*settings.ALLOWED_HOSTS, urlsplit(settings.BOOKBINDER_SITE_URL).hostname or ""}
    return hosts - LOCAL_HOSTS - {""}


def prepare() -> None:
    """Set up the database, the files, the book and the accounts, and print how to use them."""
    from django.conf import settings
    from django.core.management import call_command

    from bookbinder.demo import people

    # Only the user who runs the demo may read the files that it creates, such as the database.
    os.umask(0o077)
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    said = io.StringIO()  # an operator's words, not a newcomer's
    sync = ("sphinx_sync", str(ROOT / "docs"), "--noinput", "--no-back-annotate")
    try:
        call_command(*sync, stdout=said)
    except SystemExit:
        sys.stdout.write(said.getvalue())
        raise
    accounts = people.make()
    shop = people.make_paid_course() if settings.STRIPE_API_BASE else None
    site = os.environ["BOOKBINDER_SITE_URL"]
    lines = "\n".join(
        f"  {account.kind:<11} {account.password}   {site}{people.sign_in_path(account)}"
        for account in accounts
    )
    sys.stdout.write(
        f"\nBook Binder is at {site}\n\n"
        f"Sign in as one of these, with the password beside it:\n{lines}\n\n"
        f"The book       {site}/books/book-binder/\n"
        f"Join a course  {site}{people.join_path()}\n"
        f"The admin      {site}/admin/\n"
        f"E-mails        {getattr(settings, 'EMAIL_FILE_PATH', 'as EMAIL_URL says')}\n"
        f"Stop           Ctrl+C\n\n"
    )
    if shop:
        sys.stdout.write(f"A paid course, with a stand-in for Stripe: {site}{shop}\n\n")
    sys.stdout.flush()


def pretend_payments(port: int) -> None:
    """If DEMO_PAYMENTS is set, start the stand-in for Stripe on the next port, with new keys.

    Exit if STRIPE_SECRET_KEY is set, so that real keys are never used with it.
    """
    if os.environ.get("DEMO_PAYMENTS", "").lower() not in ("1", "true", "yes", "on"):
        return
    if os.environ.get("STRIPE_SECRET_KEY"):
        sys.exit("DEMO_PAYMENTS cannot be used with STRIPE_SECRET_KEY: unset one of them.")
    os.environ["STRIPE_SECRET_KEY"] = f"sk_test_{secrets.token_hex(12)}"
    os.environ["STRIPE_WEBHOOK_SECRET"] = f"whsec_{secrets.token_hex(12)}"
    os.environ["STRIPE_API_BASE"] = f"http://127.0.0.1:{port + 1}"
    webhook = f"{os.environ['BOOKBINDER_SITE_URL']}/billing/webhook/"
    command = [sys.executable, "-m", "billing.peer", str(port + 1), webhook]
    subprocess.Popen(command, cwd=ROOT)


def main() -> None:
    port = os.environ.get("PORT", "8000")
    os.environ.setdefault("BOOKBINDER_SITE_URL", f"http://127.0.0.1:{port}")
    set_environment()
    pretend_payments(int(port))
    import django

    django.setup()
    hosts = foreign_hosts()
    if hosts:
        sys.exit(
            f"No demo accounts are made here: ALLOWED_HOSTS or BOOKBINDER_SITE_URL names "
            f"{', '.join(sorted(hosts))}. Unset them to try Book Binder on this machine; "
            "docs/operators explains how to run a real site."
        )
    prepare()
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
    os.chdir(ROOT)
    periodic = [sys.executable, "manage.py", "periodic", "--every", "60"]
    subprocess.Popen(periodic, stdout=subprocess.DEVNULL)
    os.execv(gunicorn, [gunicorn, "bookbinder.wsgi", *options, "--log-level", "warning"])


if __name__ == "__main__":
    main()
