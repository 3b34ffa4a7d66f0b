"""What stands between the right password and being signed in, beside allauth's own steps."""

from typing import Any

from allauth.account.stages import LoginStage
from django.shortcuts import redirect

from accounts import site_policy


class PolicyStage(LoginStage):
    """Asks for agreement to the site policy in force, where it has not been given."""

    key = "policy"
    urlname = "agree-to-policy"

    def handle(self) -> tuple[Any, bool]:
        if site_policy.is_agreed(self.login.user):
            return None, True
        return redirect(self.urlname), True
