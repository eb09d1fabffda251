"""Django's settings, made from our own: see `options` for what a centre can set."""

from pathlib import Path

from csp.constants import NONE, SELF

from madoguchi.config.options import options
from madoguchi.config.session_keys import session_secrets
from madoguchi.config.stores import database
from madoguchi.lib import keyring

_options = options()


def _session_secrets() -> tuple[str, ...]:
    """The keys of sessions and forms, current first; empty without a keyring: Django refuses to work with that."""
    try:
        return session_secrets(keyring.load(_options.keyring, ("sessions",)))
    except keyring.KeyringMissingError:
        return ("",)


OPTIONS = _options
HOME = _options.home
KEYRING = _options.keyring
# `session_keys.SignWithCurrentKeys` changes both while this runs, once the keyring was rotated.
SECRET_KEY, *SECRET_KEY_FALLBACKS = _session_secrets()
DEBUG = False
DEMONSTRATION = _options.demonstration

_hosts = {"localhost", "127.0.0.1", "[::1]", _options.http.rpartition(":")[0]}
_hosts.add(
    _options.base_url.partition("://")[2].partition("/")[0].rpartition(":")[0]
    or _options.base_url.partition("://")[2]
)
ALLOWED_HOSTS = list(_options.allowed_hosts) or sorted(_hosts)

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "madoguchi.lib",
    "madoguchi.audit",
    "madoguchi.vault",
    "madoguchi.identity",
    "madoguchi.mail",
    "madoguchi.disclosure",
    "madoguchi.incidents",
    "madoguchi.intake",
    "madoguchi.console",
    "madoguchi.counter",
]
MIDDLEWARE = [
    "madoguchi.config.front.BelieveOurProxies",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "madoguchi.config.front.AnswerLoadBalancers",
    "madoguchi.lib.languages.SpeakTheReadersLanguage",
    "madoguchi.config.front.KeepTheConsoleToItsNetworks",
    # What is the same for everybody is answered here; nothing below it looks at such a request.
    "madoguchi.counter.everybody.AnswerEverybodyFirst",
    "madoguchi.config.session_keys.SignWithCurrentKeys",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "madoguchi.identity.middleware.EndIdleSessions",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "madoguchi.config.urls"
WSGI_APPLICATION = "madoguchi.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n", "madoguchi.lib.templatetags.madoguchi"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "madoguchi.config.context.everywhere",
            ],
        },
    }
]

DATABASES = {"default": database(_options.database_url, HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "identity.Staff"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": given}
    for name, given in (
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "identity:sign-in"
LOGIN_REDIRECT_URL = "console:queue"
SESSION_COOKIE_AGE = _options.session_hours * 3600
SESSION_IDLE_SECONDS = _options.session_idle_minutes * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "madoguchi_session"
CSRF_COOKIE_NAME = "madoguchi_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_AGE = None  # ends with the browser: a year of the same token would tell who reports again
_https = _options.base_url.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _https
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
# Not "no-referrer": browsers then send `Origin: null` with forms, which the check against forgery refuses.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "madoguchi.counter.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "script-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = _options.language
LANGUAGES = [("ja", "日本語"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "madoguchi_language"
LOCALE_PATHS = [Path(__file__).parents[1] / "locale"]
TIME_ZONE = _options.time_zone
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS: list[Path] = []
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600

EMAIL_BACKEND = "madoguchi.mail.refused.NoSideDoor"
# The only one, for every address: no request can make a clear temporary file.
FILE_UPLOAD_HANDLERS = ["madoguchi.intake.uploads.SealedUploads"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "madoguchi.lib.logs.PlainFormatter"}},
    "filters": {"route": {"()": "madoguchi.lib.logs.RouteNotPath"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["route"]}},
    "root": {"handlers": ["stderr"], "level": _options.log_level},
    "loggers": {
        # Both log SQL parameters or request lines at DEBUG and INFO: content and tokens must not get there.
        "django.db.backends": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "django.template": {"level": "WARNING"},
        "mail.log": {"level": "CRITICAL"},
        "asyncio": {"level": "WARNING"},
        "fido2": {"level": "WARNING"},  # tells ids of passkeys below that
    },
}
