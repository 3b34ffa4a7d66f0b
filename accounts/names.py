"""What a person's name may contain, wherever it is entered."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# With these, strangers could have the site send e-mails with a link or an address in them.
SPECIAL = frozenset("/\\:<>@")
# Invisible, but needed inside words of Persian and of Indic languages.
JOINERS = frozenset("\u200c\u200d")
# Letters and symbols that are invisible (Unicode: Default_Ignorable_Code_Point, Braille blank).
BLANKS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def check_name(name: str) -> None:
    """Raise ValidationError unless the name can be seen and leaves the text around it alone.

    Control characters and bidirectional marks are refused, since they change how the text beside
    the name is displayed: all of categories C, Zl and Zp (UAX #44) except joiners.
    """
    categories = {character: unicodedata.category(character) for character in name}
    is_refused = any(
        character in SPECIAL
        or (category[0] == "C" and character not in JOINERS)
        or category in ("Zl", "Zp")
        for character, category in categories.items()
    )
    is_visible = any(
        category[0] not in "CMZ" and character not in BLANKS
        for character, category in categories.items()
    )
    if is_refused or not is_visible:
        raise ValidationError(_("Enter a name without special characters."))
