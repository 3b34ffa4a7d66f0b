"""The form to sign in."""

from typing import Any

from allauth.account.forms import LoginForm


class SignInForm(LoginForm):
    """allauth's form. A link to it may name the account: `?email=sam@example.org`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        request = self.request
        if request is not None:
            self.fields["login"].initial = request.GET.get("email", "")[:254]
