"""allauth's forms for security keys, made robust against replies that no browser sends."""

from allauth.mfa.webauthn.forms import AddWebAuthnForm, LoginWebAuthnForm
from django import forms
from django.utils.translation import gettext as _

# What the library that allauth uses raises if a reply does not have the expected format.
ODD = (AttributeError, KeyError, RecursionError, TypeError, ValueError)


class _Guarded(forms.Form):
    def full_clean(self) -> None:
        try:
            super().full_clean()
        except ODD:
            self.cleaned_data = {}
            self._errors = forms.utils.ErrorDict()
            self.add_error(None, _("The key's reply could not be read. Try again."))


class AddKeyForm(_Guarded, AddWebAuthnForm):
    pass


class LoginKeyForm(_Guarded, LoginWebAuthnForm):
    pass
