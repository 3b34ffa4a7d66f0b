"""Prints by how many MiB an export of the benchmark's gradebook lets a fresh process grow."""

from pathlib import Path

import django

django.setup()

from grading import gradebook_files  # noqa: E402
from grading.models import Course  # noqa: E402


def peak() -> int:
    """Return this process's largest size so far, in KiB.

    Not `getrusage`: its figure is that of the parent too, from before this program was begun.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def main() -> None:
    course = Course.objects.select_related("book").get(name="Benchmark")
    before = peak()
    gradebook_files.export(course, "csv")
    print((peak() - before) // 1024)


if __name__ == "__main__":
    main()
