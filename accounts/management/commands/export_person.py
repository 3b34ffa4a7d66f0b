import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.personal_data import export


class Command(BaseCommand):
    help = "Write all that the site keeps of a person to a ZIP archive, as the person can."
    requires_system_checks = ()  # the checks would load all URLs

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--to", type=Path, metavar="FILE", help="by default person-<key>.zip; must not exist"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"].strip()).first()
        if user is None:
            raise CommandError(f"{options['email']}: no account has this address.")
        path = options["to"] or Path(f"person-{user.pk}.zip")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.") from error
        try:
            with os.fdopen(descriptor, "w+b") as file:
                export.write_zip(user, file)
        except BaseException as error:
            path.unlink()
            if isinstance(error, OSError):
                raise CommandError(f"{path}: {error.strerror}.") from error
            raise
        self.stdout.write(f"{user.email}: written to {path}.")
