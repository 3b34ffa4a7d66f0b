"""What the admin starts where no worker runs: plans or publishes one edition."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from books.editions import process


class Command(BaseCommand):
    help = "Plan or publish the edition that the admin has put aside. The admin starts this."
    requires_migrations_checks = True
    requires_system_checks = ()  # they load every url

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("edition", type=int, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        process.process_edition(options["edition"])
