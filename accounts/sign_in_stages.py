"""The stages between the right password and being signed in, in addition to allauth's own."""

from typing import Any

from allauth.account.stages import LoginStage
from django.shortcuts import redirect

from accounts import site_policy


class PolicyStage(LoginStage):
    """Asks people to agree to the current site policy, unless they have already done so."""

    key = "policy"
    urlname = "agree-to-policy"

    def handle(self) -> tuple[Any, bool]:
        if site_policy.is_agreed(self.login.user):
            return None, True
        return redirect(self.urlname), True
