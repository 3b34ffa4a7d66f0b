"""What this app keeps of a person; see `accounts.personal_data.table`."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.personal_data.own import addresses_of
from accounts.personal_data.table import Erasure, PersonalData, register
from books.models import Author, Edition, Feedback, Release


def _forget_names(user: User) -> None:
    """Delete the person's lines from editions that would delete their answers."""
    starts = tuple(f"{address}:" for address in {user.email.lower(), *addresses_of(user)})
    for edition in Edition.objects.exclude(names=[]):
        names = [
            [text, tone]
            for text, tone in edition.names
            if not text.strip().lower().startswith(starts)
        ]
        if names != edition.names:
            Edition.objects.filter(pk=edition.pk).update(names=names)


ENTRIES = (
    PersonalData(
        Author,
        title=_("Books of which you are an author"),
        person="user",
        fields=("book__project", "book__title"),
        erasure=Erasure.DELETED,
    ),
    PersonalData(Release, named_in=("created_by",)),
    PersonalData(Edition, named_in=("created_by",), erase=_forget_names),
    PersonalData(Feedback, named_in=("edited_by",)),
)


def fill() -> None:
    """Add this app's entries to the table."""
    register(*ENTRIES)
