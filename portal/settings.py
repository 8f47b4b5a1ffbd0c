"""Settings: the only reader of the environment.

Every variable is described in docs/settings.md. The defaults are those of production, but for
SITE_URL, which says localhost until it is set.
"""

from pathlib import Path
from urllib.parse import urlsplit

import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env

from portal import database_url
from portal.logs import logging_config
from portal.secrets import read_secret, require_fernet_keys, require_strong

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("WAYMARK_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()

# Where the portal is reached. https turns on everything that needs it.

SITE_NAME = env.str("SITE_NAME", default="Waymark")
SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
_site = urlsplit(SITE_URL)
SITE_HOST = _site.hostname or ""
IS_HTTPS = _site.scheme == "https"
IS_LOCAL = SITE_HOST in {"localhost", "127.0.0.1"}
if _site.scheme not in {"http", "https"} or not SITE_HOST or _site.path or _site.query:
    raise ImproperlyConfigured(
        "SITE_URL must be an address without a path, such as https://portal.example.org."
    )
if not IS_HTTPS and not IS_LOCAL:
    raise ImproperlyConfigured(
        f"SITE_URL is {SITE_URL}: http is allowed for localhost and 127.0.0.1 only, because "
        "passwords and notes would travel in the clear. Use https."
    )

_debug = env.str("DEBUG", default="0")
if _debug not in {"0", "1"}:
    raise ImproperlyConfigured(f"DEBUG is “{_debug}”: it must be 0 or 1.")
DEBUG = _debug == "1"
if DEBUG and not IS_LOCAL:
    raise ImproperlyConfigured("DEBUG shows what is private; it is for localhost only.")

# Apart from the database: what has to outlive going back to an older one.
FORGOTTEN_DIR = Path(
    env.str("WAYMARK_FORGOTTEN_DIR", default="") or str(DATA_DIR / "forgotten")
).resolve()

SECRET_KEY = require_strong(
    read_secret("SECRET_KEY", env.str("SECRET_KEY", default=""), DATA_DIR / "secret_key")
)
NOTES_KEYS = require_fernet_keys(
    read_secret("NOTES_KEYS", env.str("NOTES_KEYS", default=""), DATA_DIR / "notes_key"),
    SECRET_KEY,
)

ALLOWED_HOSTS = [SITE_HOST, *env.list("ALLOWED_HOSTS", default=[])]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# TLS ends in front of the portal, so https means that one proxy at least may be believed.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=1 if IS_HTTPS else 0)
USE_X_FORWARDED_HOST = False
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Applications

INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "community.apps.CommunityConfig",
    "facts.apps.FactsConfig",
    "portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_prose_editor",
    "simple_history",
    "django_tasks",
    "django_tasks_db",
    "csp",
]

MIDDLEWARE = [
    "portal.middleware.RequestLogMiddleware",
    # Headers first: what a later one answers by itself carries them too.
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "portal.middleware.SecurityHeadersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.pages.middleware.PagesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.BadInputMiddleware",
    "portal.middleware.MethodsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "facts.preferences.PreferencesMiddleware",
    "community.accounts.middleware.SessionStepsMiddleware",
    "portal.middleware.SignedOutMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.site",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False

# Database, cache, tasks

DATABASES = {
    "default": database_url.read(
        env.str("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}"),
        conn_max_age=60,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["ENGINE"] = "portal.sqlite"  # Writers wait in turn.
    # With 50 writing processes this is the setting that loses nothing and refuses nothing.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 5,
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
        ),
    }
elif DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name SQLite or PostgreSQL.")
else:
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 3)

# Limits on guessing live in this cache; they must outlive a cache server, so it is the database.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
        # The default of 300 would let a flood of keys push the limits out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
# Several servers can share the public pages that they have made; nothing depends on it.
_cache_url = env.str("CACHE_URL", default="")
if _cache_url:
    CACHES["pages"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": _cache_url,
        "KEY_PREFIX": "waymark",
        "OPTIONS": {
            "serializer": "portal.pages.shared.Plain",
            "socket_timeout": 0.1,
            "socket_connect_timeout": 0.1,
        },
    }
SESSION_ENGINE = "community.accounts.sessions"
TASKS = {
    "default": {
        "BACKEND": "django_tasks_db.DatabaseBackend",
        "QUEUES": ["default"],
    }
}

# Languages and time

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

# Files

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Headers

SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # The QR code of the second factor is a data: image.
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: []
    for name in (
        "accelerometer",
        "autoplay",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
}

# Cookies: none is set for reading. __Host- binds a cookie to this very host, over TLS.

_cookie_prefix = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME = f"{_cookie_prefix}session"
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# How long a session lasts stands in community/accounts/sessions.py; this is the longest.
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_NAME = f"{_cookie_prefix}csrf"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.views.csrf_failure"
PREFERENCES_COOKIE_NAME = f"{_cookie_prefix}preferences"
PREFERENCES_STORE = "community.accounts.preferences.AccountStore"
# A message may name what somebody saved: it stays on the server.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 10

# Accounts

AUTH_USER_MODEL = "community.Member"
# One backend, so that a wrong password is hashed once; this one gives permissions too.
AUTHENTICATION_BACKENDS = ["community.backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "display_name")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "community.accounts.passwords.SiteWordsValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "community:reading-list-list"
LOGOUT_REDIRECT_URL = "home"

# What stands in inboxes, in lists of accounts and on the lock screen of a phone: a name that
# says nothing about an illness.
DISCREET_NAME = env.str("DISCREET_NAME", default="Waymark")

ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
# Digits bring up the number pad, for hands that shake.
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 8, "dashed": True}
ACCOUNT_ADAPTER = "community.accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "add_email": "community.forms.accounts.AddEmailForm",
    "change_password": "community.forms.accounts.ChangePasswordForm",
    "confirm_email_verification_code": (
        "community.forms.accounts.ConfirmEmailVerificationCodeForm"
    ),
    "confirm_login_code": "community.forms.accounts.ConfirmLoginCodeForm",
    "confirm_password_reset_code": "community.forms.accounts.ConfirmPasswordResetCodeForm",
    "login": "community.forms.accounts.LoginForm",
    "reauthenticate": "community.forms.accounts.ReauthenticateForm",
    "request_login_code": "community.forms.accounts.RequestLoginCodeForm",
    "reset_password": "community.forms.accounts.ResetPasswordForm",
    "reset_password_from_key": "community.forms.accounts.ResetPasswordKeyForm",
    "set_password": "community.forms.accounts.SetPasswordForm",
    "signup": "community.forms.accounts.SignupForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_MAX_LENGTH = 254
# Anything less than mandatory would make the sign-up form tell who is a member.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 600
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# The forms ask in their own words (community.accounts.sessions.Stay).
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _site.scheme
ACCOUNT_RATE_LIMITS = {
    "clinical_review": "30/h/key",
    "list_import": "20/h/user",
    "listing_check": "30/h/key",
    "login": "10/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "mail_trial": "5/h/user",
    "member_lookup": "20/h/user",
    "sheet_pdf": "30/10m/user",
    "sheet_pdf_device": "30/10m/ip",
    "signup": "20/m/ip",
    "word_from_reader": "20/m/ip",
}
MFA_ADAPTER = "community.accounts.adapters.MFAAdapter"
MFA_FORMS = {
    "activate_totp": "community.forms.accounts.ActivateTOTPForm",
    "add_webauthn": "community.forms.accounts.AddWebAuthnForm",
    "authenticate": "community.forms.accounts.AuthenticateForm",
    "authenticate_webauthn": "community.forms.accounts.AuthenticateWebAuthnForm",
    "edit_webauthn": "community.forms.accounts.EditWebAuthnForm",
    "login_webauthn": "community.forms.accounts.LoginWebAuthnForm",
    "reauthenticate": "community.forms.accounts.ReauthenticateByAppForm",
    "reauthenticate_webauthn": "community.forms.accounts.ReauthenticateWebAuthnForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = DISCREET_NAME
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = IS_LOCAL

# Mail: kept in the data directory and shown on the terminal until EMAIL_URL says where to send it.

_email_url = env.str("EMAIL_URL", default="")
EMAIL_IS_SENT = bool(_email_url)
EMAIL_BACKEND = "portal.mail.QueuedEmailBackend"
EMAIL_DIR = DATA_DIR / "mail"
if EMAIL_IS_SENT:
    _email = env.dj_email_url("EMAIL_URL")
    EMAIL_DELIVERY_BACKEND = _email["EMAIL_BACKEND"].replace(
        "django.core.mail.backends.smtp.EmailBackend", "portal.mail.PatientEmailBackend"
    )
    EMAIL_HOST = _email["EMAIL_HOST"]
    EMAIL_PORT = _email["EMAIL_PORT"]
    EMAIL_HOST_USER = _email["EMAIL_HOST_USER"]
    EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS = _email["EMAIL_USE_TLS"]
    EMAIL_USE_SSL = _email["EMAIL_USE_SSL"]
else:
    EMAIL_DELIVERY_BACKEND = "portal.mail.FileAndTerminalEmailBackend"
# To connect and to be greeted (portal.mail.PatientEmailBackend).
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL", default=f"{DISCREET_NAME} <no-reply@{SITE_HOST}>"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Logs

LOGGING = logging_config(env.str("LOG_LEVEL", default="INFO"))
LOGGING_CONFIG = "logging.config.dictConfig"
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

# Going back would write a whole old row, with what has been fixed for ever since.
SIMPLE_HISTORY_REVERT_DISABLED = True
SECURITY_CONTACT = env.str("SECURITY_CONTACT", default="")

# Whether the worker asks the websites of our sources, from time to time, if they are still there.
_check_links = env.str("WAYMARK_CHECK_LINKS", default="1")
if _check_links not in {"0", "1"}:
    raise ImproperlyConfigured(f"WAYMARK_CHECK_LINKS is “{_check_links}”: it must be 0 or 1.")
CHECK_LINKS = _check_links == "1"

# Whether the worker asks organizers by mail if their listings are still right.
_ask_organizers = env.str("WAYMARK_ASK_ORGANIZERS", default="1")
if _ask_organizers not in {"0", "1"}:
    raise ImproperlyConfigured(f"WAYMARK_ASK_ORGANIZERS is “{_ask_organizers}”: it must be 0 or 1.")
ASK_ORGANIZERS = _ask_organizers == "1"
