from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing import reconcile, stripe_client


class Command(BaseCommand):
    help = "Compares payments with Stripe and corrects those for which a webhook was lost."
    requires_system_checks = ()  # the checks would load all URLs

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=7, help="days to look back (default: 7)")

    def handle(self, *, days: int, **options: Any) -> str:
        if not stripe_client.is_set_up():
            raise CommandError("Set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET first.")
        if days < 1:
            raise CommandError("--days must be at least 1.")
        count, failures = 0, []
        try:
            for result in reconcile.reconcile(timezone.now() - timedelta(days=days)):
                if isinstance(result, str):
                    failures.append(result)
                    self.stderr.write(result)
                else:
                    count += 1
                    payment = result.payment
                    self.stdout.write(f"{payment}: {result.before}, now {payment.status}")
        except stripe_client.StripeProblem as problem:
            raise CommandError(f"{problem} Payments corrected before that: {count}.") from None
        if failures:
            raise CommandError(f"Payments corrected: {count}; not read: {len(failures)}.")
        return f"Payments corrected: {count}."
