import logging
import tempfile
from typing import IO

from allauth.account.decorators import reauthentication_required
from allauth.account.stages import LoginStageController
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ImproperlyConfigured
from django.core.signing import BadSignature
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import limits, site_policy, waiting
from accounts.errors import TooMany
from accounts.forms import NamesForm
from accounts.http import signed_in
from accounts.models import User
from accounts.personal_data import erasure, export
from accounts.sign_in_stages import PolicyStage
from accounts.subscriptions import Subscription

log = logging.getLogger(__name__)
# What allauth raises if a provider sends claims in a format that it should not send.
ODD_CLAIMS = (AttributeError, ImproperlyConfigured, TypeError, ValueError)

DOWNLOADS_AN_HOUR = 6  # one of 100,000 attempts takes some ten seconds


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


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def my_account(request: HttpRequest) -> HttpResponseBase:
    """The person's names, and what the site keeps of them. POST changes the names."""
    user = signed_in(request)
    form = NamesForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        # Not the whole account, which may be another one by now.
        User.objects.filter(pk=user.pk, erased_at=None).update(**form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("my-account")
    user.refresh_from_db(fields=["first_name", "last_name"])  # the form may have set wrong ones
    context = {"form": form, "plan": erasure.make_plan(user)}
    return render(request, "accounts/my_account.html", context)


@require_safe
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]
def download(request: HttpRequest, kind: str) -> FileResponse:
    """What the site keeps of the person: as a JSON file, or as a ZIP archive with more files.

    Raises TooMany above `DOWNLOADS_AN_HOUR`.
    """
    user = signed_in(request)
    if limits.count(request, "personal data") > DOWNLOADS_AN_HOUR:
        raise TooMany(limits.seconds_left(limits.HOUR))
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    if kind == "zip":
        export.write_zip(user, file)
    else:
        file.writelines(piece.encode() for piece in export.as_json(user))
    file.seek(0)
    name = f"bookbinder-{timezone.localdate():%Y-%m-%d}.{kind}"
    return FileResponse(file, as_attachment=True, filename=name)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]
def delete_account(request: HttpRequest) -> HttpResponseBase:
    """What a deletion of the account would delete. POST asks for it, to be done in a while."""
    user = signed_in(request)
    reason = erasure.reason_against(user)
    if request.method == "POST" and not reason:
        erasure.ask(user)
        return redirect("my-account")
    context = {"plan": erasure.make_plan(user), "reason": reason, "days": erasure.WAIT.days}
    return render(request, "accounts/delete_account.html", context)


@require_POST
@login_required
def keep_account(request: HttpRequest) -> HttpResponse:
    """Take back the request to delete the account."""
    erasure.keep(signed_in(request))
    messages.success(request, _("Your account is kept."))
    return redirect("my-account")


@require_POST
@login_required
def waiting_letters(request: HttpRequest) -> HttpResponse:
    """Turn the daily e-mails about what waits on or off."""
    return switch(request, waiting.LETTERS, "my-account")


@csrf_exempt  # mail programs send the POST; the signed token authorizes it
@require_http_methods(["GET", "HEAD", "POST"])
def stop_waiting_letters(request: HttpRequest, token: str) -> HttpResponse:
    """Turn off the daily e-mails through a link in one of them, without signing in."""
    return stop(request, waiting.LETTERS, token, "accounts/stop_waiting_letters.html")


def switch(request: HttpRequest, letters: Subscription, to: str) -> HttpResponse:
    """Turn a kind of e-mails on or off, as a form says, and go to the page named `to`."""
    letters.switch(signed_in(request).pk, on=request.POST.get("wants") == "on")
    messages.success(request, _("Saved."))
    return redirect(to)


def stop(request: HttpRequest, letters: Subscription, token: str, template: str) -> HttpResponse:
    """Turn off a kind of e-mails for the person whom the token names.

    A GET only asks for confirmation, since mail scanners follow links.
    """
    try:
        pk = letters.user_of(token)
    except BadSignature:
        raise Http404 from None
    is_done = request.method == "POST"
    if is_done:
        letters.switch(pk, on=False)
    return render(request, template, {"is_done": is_done})
