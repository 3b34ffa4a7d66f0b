from django import forms
from django.core.validators import RegexValidator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User

# Otherwise, strangers could have the site send e-mails with any text to any address.
is_a_name = RegexValidator(
    r"[\x00-\x1f\x7f/\\:<>@]", _("Enter a name without special characters."), inverse_match=True
)


class SignupForm(forms.Form):
    """The fields that allauth's sign-up form has in addition to e-mail address and password."""

    first_name = forms.CharField(label=_("First name"), max_length=150, validators=(is_a_name,))
    last_name = forms.CharField(label=_("Last name"), max_length=150, validators=(is_a_name,))
    agree = forms.BooleanField(
        label=_("I agree to the site policy"),
        error_messages={"required": _("To sign up you must agree to the site policy.")},
    )

    field_order = ("first_name", "last_name", "email", "password1", "agree")

    def signup(self, request: HttpRequest, user: User) -> None:
        """Do nothing, since allauth's adapter has already saved the names."""
