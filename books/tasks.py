"""The address of a task that an older version may have queued. Kept for one version."""

from books.editions.process import process_edition_task as work_on_edition

__all__ = ["work_on_edition"]
