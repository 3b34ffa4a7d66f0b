from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.personal_data import erasure
from accounts.personal_data.erasure import ErasureError


class Command(BaseCommand):
    help = "Show what the deletion of a person's account deletes, then delete it at once."
    requires_system_checks = ()  # the checks would load all URLs

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--dry-run", action="store_true", help="only show what would be deleted")
        how.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"].strip()).first()
        if user is None:
            raise CommandError(f"{options['email']}: no account has this address.")
        reason = erasure.reason_against(user)
        if reason:
            raise CommandError(reason)
        self._show(erasure.make_plan(user))
        if options["dry_run"]:
            return
        if not options["yes"] and not self._is_sure(user):
            raise CommandError("Nothing was deleted.")
        try:
            is_nameless = erasure.erase(user)
        except ErasureError as error:
            raise CommandError(str(error)) from error
        done = "has lost its name" if is_nameless else "has been deleted"
        self.stdout.write(f"The account {done}. Backups and archives of syncs are as they were.")

    def _show(self, plan: erasure.Plan) -> None:
        for line in plan.lines:
            what = line.erasure.name.lower()
            self.stdout.write(f"{line.title}: {line.number} ({what})")
        if plan.named_in:
            self.stdout.write(f"Rows that name the person as who did something: {plan.named_in}")
        for reason in plan.reasons:
            self.stdout.write(f"The account stays, without a name: {reason}.")

    def _is_sure(self, user: User) -> bool:
        try:
            answer = input("Type the e-mail address again to delete this for ever: ")
        except EOFError:
            return False
        return answer.strip().lower() == user.email.lower()
