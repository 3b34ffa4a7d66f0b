"""The providers that people can sign in with: Google, Microsoft and any OpenID Connect provider."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured


def configured(env: Any) -> dict[str, Any]:
    """Return allauth's SOCIALACCOUNT_PROVIDERS for what is configured in the environment.

    Google and Microsoft are configured by GOOGLE_CLIENT_ID, GOOGLE_SECRET, MICROSOFT_CLIENT_ID,
    MICROSOFT_SECRET and MICROSOFT_TENANT. OIDC_PROVIDERS lists the ids of others, which are
    configured by OIDC_<ID>_URL, _CLIENT_ID, _SECRET and _NAME. Raises ImproperlyConfigured if two
    of them share an id or a client id.
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
    """Raise ImproperlyConfigured if two providers have the same id or the same client id.

    A session identifies its provider by the client id, and trusted providers are listed by id.
    """
    for what, taken in (
        ("provider_id", {"google", "microsoft", "openid_connect"}),
        ("client_id", set()),
    ):
        for app in apps:
            if app[what] in taken:
                raise ImproperlyConfigured(
                    f"OIDC_PROVIDERS: {app['provider_id']} shares its {what} with another one: "
                    f"{app[what]}. It must be unique."
                )
            taken.add(app[what])


def apps(found: dict[str, Any]) -> list[str]:
    """Return the Django apps of these providers.

    Apps of providers that are not configured are left out, since their pages would fail.
    """
    # The pages of this app respond with 404 if no such provider is configured.
    always = {"openid_connect"}
    return [f"allauth.socialaccount.providers.{name}" for name in sorted({*found, *always})]
