import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from grading import gradebook_files
from grading.models import Course


class Command(BaseCommand):
    help = "Write a course's gradebook to a file or to standard output."
    requires_system_checks = ()  # the checks would load all URLs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("course", type=int, help="the course's primary key")
        parser.add_argument("--format", choices=sorted(gradebook_files.FORMATS), default="csv")
        parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        course = Course.objects.filter(pk=options["course"]).first()
        if course is None:
            raise CommandError(f"There is no course {options['course']}.")
        data = gradebook_files.export(course, options["format"])
        if options["output"]:
            options["output"].write_bytes(data)
        else:
            sys.stdout.buffer.write(data)
