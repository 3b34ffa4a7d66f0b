from django import forms
from django.core.validators import RegexValidator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User

# Else a stranger could have us send letters that say what they like to whom they like.
is_a_name = RegexValidator(
    r"[\x00-\x1f\x7f/\\:<>@]", _("Write a name, without special signs."), inverse_match=True
)


class SignupForm(forms.Form):
    """What allauth's sign-up form asks beside e-mail and password."""

    first_name = forms.CharField(label=_("First name"), max_length=150, validators=(is_a_name,))
    last_name = forms.CharField(label=_("Last name"), max_length=150, validators=(is_a_name,))
    agree = forms.BooleanField(
        label=_("I agree to the site policy"),
        error_messages={"required": _("To sign up you must agree to the site policy.")},
    )

    field_order = ("first_name", "last_name", "email", "password1", "agree")

    def signup(self, request: HttpRequest, user: User) -> None:
        """Allauth's adapter has saved the names; nothing is left to do."""
