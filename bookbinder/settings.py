"""All settings, read from the environment. docs/operators/settings explains each variable."""

from operator import methodcaller
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from accounts import sign_in_providers

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Set it to a long random text that you keep to yourself, for "
            "example the output of: "
            "python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    SECRET_KEY = "insecure: for DEBUG alone"

# Book Binder's own settings.
BOOKBINDER_DATA_DIR = Path(env.str("BOOKBINDER_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
BOOKBINDER_SITE_URL = env.str("BOOKBINDER_SITE_URL", default="").rstrip("/")
BOOKBINDER_SOURCES = [Path(path) for path in env.list("BOOKBINDER_SOURCES", default=[])]
BOOKBINDER_CURRENCY = env.str("BOOKBINDER_CURRENCY", default="usd").lower()
BOOKBINDER_PROXIES = env.int("BOOKBINDER_PROXIES", default=0)
BOOKBINDER_STAFF_2FA = env.bool("BOOKBINDER_STAFF_2FA", default=False)
BOOKBINDER_TRUSTED_PROVIDERS = env.list("BOOKBINDER_TRUSTED_PROVIDERS", default=[])
BOOKBINDER_KEEP_RELEASES = env.int("BOOKBINDER_KEEP_RELEASES", default=10)
# Whether authors may publish uploaded builds, whose code runs in the site's own pages.
BOOKBINDER_AUTHORS_PUBLISH = env.bool("BOOKBINDER_AUTHORS_PUBLISH", default=False)
BOOKBINDER_UPLOAD_LIMIT = env.int("BOOKBINDER_UPLOAD_LIMIT", default=500)  # MB, unpacked
# Whether `manage.py db_worker` runs. Without it, child processes do the slow tasks.
BOOKBINDER_WORKER = env.bool("BOOKBINDER_WORKER", default=False)
BOOKBINDER_SPHINX_PYTHON = env.str("BOOKBINDER_SPHINX_PYTHON", default="")
# Increased when the site policy changes, so that people are asked to agree to the new one.
BOOKBINDER_POLICY_VERSION = env.str("BOOKBINDER_POLICY_VERSION", default="1")
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="").rstrip("/")
BOOKBINDER_PROMOTION_CODES = env.bool("BOOKBINDER_PROMOTION_CODES", default=False)
BOOKBINDER_AUTOMATIC_TAX = env.bool("BOOKBINDER_AUTOMATIC_TAX", default=False)
X_ACCEL_PREFIX = env.str("X_ACCEL_PREFIX", default="")
BOOKBINDER_DATA_DIR.mkdir(parents=True, exist_ok=True)

# The site's address, and HTTPS.
_site = urlsplit(BOOKBINDER_SITE_URL)
_local_hosts = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_site.hostname] if _site.hostname else [])
if not ALLOWED_HOSTS:
    ALLOWED_HOSTS = _local_hosts
CSRF_TRUSTED_ORIGINS = [BOOKBINDER_SITE_URL] if BOOKBINDER_SITE_URL else []
IS_HTTPS = _site.scheme == "https"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_HTTPS else "http"
SECURE_SSL_REDIRECT = IS_HTTPS
SESSION_COOKIE_SECURE = IS_HTTPS
if IS_HTTPS:
    SESSION_COOKIE_NAME = "__Host-sessionid"  # no other host of the domain can set it
CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_HSTS_SECONDS = 30 * 24 * 3600 if IS_HTTPS else 0
# A proxy sets this header if the client used HTTPS. Without a proxy, clients could forge it.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BOOKBINDER_PROXIES else None
# HSTS for subdomains and preloading affect other sites of the domain: its owner must decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

SOCIALACCOUNT_PROVIDERS = sign_in_providers.configured(env)
INSTALLED_APPS = [
    "bookbinder.apps.BookBinderAdminConfig",
    "bookbinder.apps.BookBinderConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *sign_in_providers.apps(SOCIALACCOUNT_PROVIDERS),
    "django_tasks",
    "django_tasks_db",
    "import_export",
    "ninja",
    "accounts",
    "books",
    "grading",
    "annotations",
    "billing",
]
MIDDLEWARE = [
    "bookbinder.site.middleware.add_headers",
    "django.middleware.security.SecurityMiddleware",
    "bookbinder.site.middleware.refuse_nul",
    "bookbinder.site.middleware.RespondToTooMany",
    "bookbinder.site.middleware.work_after_response",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "bookbinder.site.uploads.limit_bodies",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "bookbinder.urls"
WSGI_APPLICATION = "bookbinder.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # The operator's own templates, such as the site policy, take precedence over ours.
        "DIRS": [BOOKBINDER_DATA_DIR / "templates", BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Databases and caches.
DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{BOOKBINDER_DATA_DIR / 'db.sqlite3'}")
}
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a transaction waits for the lock when it begins, where SQLite's timeout applies.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # A file, since an in-memory database locks whole tables and does not support WAL.
    _database["TEST"] = {"NAME": BOOKBINDER_DATA_DIR / "test.sqlite3"}
elif _database["ENGINE"] == "django.db.backends.postgresql":
    _database.setdefault("OPTIONS", {})["pool"] = True
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache_url("CACHE_URL", default="dbcache://bookbinder_cache")}
# Rate limits are counted in the cache. With Django's default of 300 entries, a few hundred
# visitors would evict the counts.
CACHES["default"].setdefault("OPTIONS", {}).setdefault("MAX_ENTRIES", 100_000)

# People.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.access.RulesBackend"]
PASSWORD_HASHERS = ["accounts.hashers.Argon2Hasher", "accounts.hashers.PBKDF2Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("bookshelf")
ACCOUNT_ADAPTER = "bookbinder.site.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupForm"
ACCOUNT_FORMS = {
    "signup": "accounts.sign_up.EvenSignupForm",
    "login": "accounts.sign_in.SignInForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_USER_DISPLAY = methodcaller("get_full_name")
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("bookshelf")
ACCOUNT_CHANGE_EMAIL = True  # one address each; the old one is valid until the new is confirmed
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
SOCIALACCOUNT_ADAPTER = "accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = False  # otherwise nobody would be asked to agree to the policy
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "add_webauthn": "accounts.security_keys.AddKeyForm",
    "login_webauthn": "accounts.security_keys.LoginKeyForm",
}
MFA_TOTP_ISSUER = "Book Binder"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS
# A whole lecture hall may sign up and sign in from one IP address within a few minutes.
ACCOUNT_RATE_LIMITS = {
    "signup": "600/h/ip",
    "login": "600/m/ip",
    "login_failed": "600/m/ip,10/5m/key",
    "reset_password": "600/h/ip,5/h/key",
    "reset_password_from_key": "600/m/ip",
    "confirm_email": "3/5m/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = BOOKBINDER_PROXIES

# E-mail.
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Book Binder <noreply@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Languages, times and files.
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
# Only languages with a catalog, so that all texts are in the language that a page declares.
_translated = {path.parts[-3] for path in LOCALE_PATHS[0].glob("*/*/django.po")}
LANGUAGES = [
    (code, LANG_INFO[code]["name_local"])
    for code in sorted(name.replace("_", "-").lower() for name in {"en", *_translated})
]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "bookbinder.site.katex.KatexFinder",
]
STATIC_ROOT = BOOKBINDER_DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "bookbinder.site.storage.HashedStaticFilesStorage"
    },
}
IMPORT_EXPORT_TMP_STORAGE_CLASS = "import_export.tmp_storages.CacheStorage"
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "add"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "view"
# An admin action on all rows of a page posts one field per row.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # Stripe's SDK logs responses, with keys and addresses in them. We log errors ourselves.
    "loggers": {"stripe": {"level": "CRITICAL"}},
}
