#!/usr/bin/env python
"""Django's command line for Book Binder."""

import gc
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

# A command imports thousands of modules, none of which becomes garbage. The collector would search
# all of them again and again. `BookBinderConfig.ready` enables it.
gc.disable()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookbinder.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Settings: {error}")
    except OperationalError as error:
        sys.exit(f"The database cannot be used: {error} Check DATABASE_URL.")


if __name__ == "__main__":
    main()
