"""`make bench`: prints each figure beside its floor, in one run on its own PostgreSQL."""

import os
import sys
import tempfile


def main() -> int:
    """Run all benchmarks; return 0 if every figure is within its budget, else 1."""
    with tempfile.TemporaryDirectory() as data:
        os.environ |= {
            "SECRET_KEY": "benchmarks",
            "BOOKBINDER_DATA_DIR": data,
            "DJANGO_SETTINGS_MODULE": "bookbinder.settings",
            "CACHE_URL": "locmemcache://",
        }
        import django

        django.setup()
        from django.core.management import call_command

        from benchmarks import (
            anchoring,
            answering,
            edition,
            extension,
            figures,
            gradebook,
            hostile_member,
            noted_edition,
            reader,
            reader_notes,
            scores,
            signing_in,
            startup,
            sync,
        )

        call_command("migrate", verbosity=0)
        found: list[figures.Figure | figures.Bound] = []
        subjects = (
            sync, edition, gradebook, scores, answering, extension, anchoring, noted_edition,
            reader, reader_notes, signing_in, hostile_member, startup,
        )  # fmt: skip
        for subject in subjects:
            call_command("flush", interactive=False, verbosity=0)
            found += subject.measure()
        print(figures.table(found))
        return 0 if all(one.is_within for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
