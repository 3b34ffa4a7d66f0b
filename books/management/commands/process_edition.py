"""Plans or publishes one edition. The admin starts this if there is no worker."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from books.editions import process


class Command(BaseCommand):
    help = "Plan or publish an edition. The admin starts this command if there is no worker."
    requires_migrations_checks = True
    requires_system_checks = ()  # they would load every URL pattern

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("edition", type=int, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        process.process_edition(options["edition"])
