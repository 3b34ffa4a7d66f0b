from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.names import check_name


class SignupForm(forms.Form):
    """The fields that allauth's sign-up form has in addition to e-mail address and password."""

    first_name = forms.CharField(label=_("First name"), max_length=150, validators=(check_name,))
    last_name = forms.CharField(label=_("Last name"), max_length=150, validators=(check_name,))
    agree = forms.BooleanField(
        label=_("I agree to the site policy"),
        error_messages={"required": _("To sign up you must agree to the site policy.")},
    )

    field_order = ("first_name", "last_name", "email", "password1", "agree")

    def signup(self, request: HttpRequest, user: User) -> None:
        """Do nothing, since allauth's adapter has already saved the names."""


class NamesForm(forms.ModelForm):
    """The names that an account's owner can change; the model checks what they may contain."""

    class Meta:
        model = User
        fields = ("first_name", "last_name")
