"""Where people can sign in from: Google, Microsoft, and any OpenID Connect provider."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured


def configured(env: Any) -> dict[str, Any]:
    """Return allauth's SOCIALACCOUNT_PROVIDERS for what the environment names.

    Google and Microsoft by GOOGLE_CLIENT_ID and MICROSOFT_CLIENT_ID with their _SECRET; others by
    OIDC_PROVIDERS, a list of ids, each with OIDC_<ID>_URL, _CLIENT_ID, _SECRET and _NAME.
    """
    found: dict[str, Any] = {}
    google = env.str("GOOGLE_CLIENT_ID", default="")
    if google:
        app = {"client_id": google, "secret": env.str("GOOGLE_SECRET", default="")}
        found["google"] = {"APPS": [app], "SCOPE": ["profile", "email"]}
    microsoft = env.str("MICROSOFT_CLIENT_ID", default="")
    if microsoft:
        tenant = {"tenant": env.str("MICROSOFT_TENANT", default="common")}
        secret = env.str("MICROSOFT_SECRET", default="")
        app = {"client_id": microsoft, "secret": secret, "settings": tenant}
        found["microsoft"] = {"APPS": [app]}
    ids = env.list("OIDC_PROVIDERS", default=[])
    if ids:
        apps = [_oidc(env, name) for name in ids]
        _check(apps)
        found["openid_connect"] = {"APPS": apps, "OAUTH_PKCE_ENABLED": True}
    return found


def _oidc(env: Any, name: str) -> dict[str, Any]:
    prefix = f"OIDC_{name.upper().replace('-', '_')}"
    return {
        "provider_id": name,
        "name": env.str(f"{prefix}_NAME", default=name),
        "client_id": env.str(f"{prefix}_CLIENT_ID"),
        "secret": env.str(f"{prefix}_SECRET"),
        "settings": {"server_url": env.str(f"{prefix}_URL")},
    }


def _check(apps: list[dict[str, Any]]) -> None:
    """A session names a provider by its client id, and trust by its id: both must be its own."""
    for what, taken in (
        ("provider_id", {"google", "microsoft", "openid_connect"}),
        ("client_id", set()),
    ):
        for app in apps:
            if app[what] in taken:
                raise ImproperlyConfigured(
                    f"OIDC_PROVIDERS: {app['provider_id']} has a {what} that another provider has: "
                    f"{app[what]}. Give it one of its own."
                )
            taken.add(app[what])


def apps(found: dict[str, Any]) -> list[str]:
    """Return the apps of these providers: the pages of one that has no keys would fail."""
    # This one's pages answer 404 by themselves.
    always = {"openid_connect"}
    return [f"allauth.socialaccount.providers.{name}" for name in sorted({*found, *always})]
