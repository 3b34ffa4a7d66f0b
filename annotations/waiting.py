"""What waits for instructors and authors; see `accounts.waiting`."""

from django.db.models import QuerySet
from django.utils.translation import ngettext

from accounts import access, waiting
from accounts.models import User
from annotations.models import Annotation, ProblemReport, SharedNote


def notes(user: User) -> "QuerySet[SharedNote]":
    """Return the notes to instructors that nobody has resolved."""
    shared: QuerySet[SharedNote] = SharedNote.objects.filter(
        access.rows(user, "annotations.view_sharednote"),
        audience=Annotation.Audience.INSTRUCTORS,
        root=None,
        resolved_at=None,
        deleted_at=None,
    )
    return shared


def reports(user: User) -> "QuerySet[ProblemReport]":
    """Return the problem reports about which no author has decided."""
    reported: QuerySet[ProblemReport] = ProblemReport.objects.filter(
        access.rows(user, "annotations.view_problemreport"),
        status=Annotation.Status.NEW,
        deleted_at=None,
    )
    return reported


def fill() -> None:
    """Add this app's kinds to the table."""
    waiting.add(
        waiting.Kind(
            lambda n: ngettext("%d note to instructors", "%d notes to instructors", n) % n,
            notes,
            "created_at",
            "admin:annotations_sharednote_changelist",
            "?audience__exact=instructors&resolved_at__isempty=1",
        )
    )
    waiting.add(
        waiting.Kind(
            lambda n: ngettext("%d new problem report", "%d new problem reports", n) % n,
            reports,
            "created_at",
            "admin:annotations_problemreport_changelist",
            "?status__exact=new",
        )
    )
