import logging

from allauth.account.stages import LoginStageController
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import site_policy
from accounts.sign_in_stages import PolicyStage

log = logging.getLogger(__name__)
# What allauth raises over claims that are of no form a provider should send.
ODD_CLAIMS = (AttributeError, ImproperlyConfigured, TypeError, ValueError)


def provider_callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Where a provider of OpenID Connect sends people back to: allauth's, also for odd claims."""
    # Imported here: it takes the HTTP client along, which commands do not need.
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
    """The step of signing in at which a person who has not agreed to the policy does so."""
    stage = LoginStageController.enter(request, PolicyStage.key)
    if stage is None or stage.login.user is None:
        return redirect("account_login")
    if request.method == "POST" and request.POST.get("agree"):
        user = stage.login.user
        site_policy.agree(user)
        user.save(update_fields=["policy_version", "policy_agreed_at"])
        return stage.exit()
    return render(request, "accounts/agree_to_policy.html", {"is_sent": request.method == "POST"})
