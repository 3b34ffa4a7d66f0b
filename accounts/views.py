import logging

from allauth.account.stages import LoginStageController
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import site_policy
from accounts.sign_in_stages import PolicyStage

log = logging.getLogger(__name__)
# What allauth raises if a provider sends claims in a format that it should not send.
ODD_CLAIMS = (AttributeError, ImproperlyConfigured, TypeError, ValueError)


def provider_callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Handle the return from an OpenID Connect provider, as allauth does.

    Claims that allauth cannot read result in an error page instead of a server error.
    """
    # Imported here, since it imports an HTTP client, which commands do not need.
    from allauth.socialaccount.providers.openid_connect.views import callback

    try:
        return callback(request, provider_id)
    except ODD_CLAIMS:
        log.exception("The provider %s sent claims that cannot be read", provider_id)
        return render(request, "socialaccount/authentication_error.html", status=401)


@require_safe
def show_policy(request: HttpRequest) -> HttpResponseBase:
    return render(request, "accounts/policy.html")


@require_http_methods(["GET", "HEAD", "POST"])
def agree_to_policy(request: HttpRequest) -> HttpResponseBase:
    """Ask for agreement to the policy, as a stage of signing in."""
    stage = LoginStageController.enter(request, PolicyStage.key)
    if stage is None or stage.login.user is None:
        return redirect("account_login")
    if request.method == "POST" and request.POST.get("agree"):
        user = stage.login.user
        site_policy.agree(user)
        user.save(update_fields=["policy_version", "policy_agreed_at"])
        return stage.exit()
    return render(request, "accounts/agree_to_policy.html", {"is_sent": request.method == "POST"})
