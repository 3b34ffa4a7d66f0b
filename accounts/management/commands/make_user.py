from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from accounts import proven_addresses
from accounts.models import User
from accounts.names import check_name


class Command(BaseCommand):
    help = "Create an account, or change its type, and print a link to set its password."
    requires_system_checks = ()  # the checks would load all URLs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--type", choices=User.Type.values, default=User.Type.USER)
        parser.add_argument("--first-name", default="", help="first name of a new account")
        parser.add_argument("--last-name", default="", help="last name of a new account")

    def handle(self, *args: Any, **options: Any) -> None:
        email: str = options["email"]
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email}: not a valid e-mail address.") from error
        for option in ("first_name", "last_name"):
            try:
                if options[option]:
                    check_name(options[option])
            except ValidationError as error:
                name = option.replace("_", "-")
                raise CommandError(f"--{name}: {error.messages[0]}") from error
        local, _at, host = email.partition("@")
        user, is_new = proven_addresses.make(
            email,
            kind=options["type"],
            # The gradebook needs names; the owner of the account can change them.
            first_name=options["first_name"] or local,
            last_name=options["last_name"] or host,
        )
        state = "created" if is_new else "already exists"
        self.stdout.write(f"{user.email}: {state}, type {user.type}.")
        if is_new or not user.has_usable_password():
            site = settings.BOOKBINDER_SITE_URL or "http://127.0.0.1:8000"
            self.stdout.write(f"To set the password: {site}{proven_addresses.password_path(user)}")
