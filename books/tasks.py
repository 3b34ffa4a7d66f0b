"""The former path of a task, which an older version may have queued. Kept for one version."""

from books.editions.process import process_edition_task as work_on_edition

__all__ = ["work_on_edition"]
