from allauth.account.stages import LoginStageController
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import policy
from accounts.stages import PolicyStage


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
        policy.agree(user)
        user.save(update_fields=["policy_version", "policy_agreed_at"])
        return stage.exit()
    return render(request, "accounts/agree_to_policy.html", {"is_sent": request.method == "POST"})
