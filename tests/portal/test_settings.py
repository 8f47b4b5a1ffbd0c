"""The settings, read by a process of its own: what stops the start, what https turns on."""

import json
import re

import pytest
from cryptography.fernet import Fernet

from tests.portal.processes import ROOT, run

STRONG = "0123456789-abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghij"
NOTES = Fernet.generate_key().decode()
GOOD = {"SECRET_KEY": STRONG, "NOTES_KEYS": NOTES}
PRODUCTION = {
    **GOOD,
    "SITE_URL": "https://portal.example.org",
    "EMAIL_URL": "submission://name:password@mail.example.org:587",
}


@pytest.fixture
def settings_of(tmp_path):
    """Return what the settings are in a process whose environment holds the given variables."""

    def read(*names, **variables):
        code = (
            "import json, portal.settings as s;"
            f"print(json.dumps({{n: getattr(s, n) for n in {names!r}}}, default=str))"
        )
        answer = run("-c", code, **{"WAYMARK_DATA_DIR": tmp_path, **variables})
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    return read


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"NOTES_KEYS": NOTES}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": STRONG}, "NOTES_KEYS is not set"),
        ({**GOOD, "SECRET_KEY": "short"}, "SECRET_KEY is weak"),
        ({**GOOD, "SECRET_KEY": "a" * 60}, "SECRET_KEY is weak"),
        ({**GOOD, "SECRET_KEY": f"django-insecure-{STRONG}"}, "SECRET_KEY is weak"),
        ({**GOOD, "NOTES_KEYS": "tea and biscuits"}, "NOTES_KEYS holds something"),
        ({**GOOD, "NOTES_KEYS": ","}, "NOTES_KEYS holds no key"),
        ({**GOOD, "SITE_URL": "http://portal.example.org"}, "http is allowed for localhost"),
        ({**GOOD, "SITE_URL": "http://192.0.2.1:8000"}, "http is allowed for localhost"),
        ({**GOOD, "SITE_URL": "portal.example.org"}, "SITE_URL must be an address"),
        ({**GOOD, "SITE_URL": "https://example.org/portal"}, "SITE_URL must be an address"),
        ({**PRODUCTION, "DEBUG": "1"}, "DEBUG shows what is private"),
        ({**GOOD, "DEBUG": "maybe"}, "DEBUG"),
        ({**GOOD, "DEBUG": "2"}, "DEBUG"),
        ({**GOOD, "WAYMARK_CHECK_LINKS": "never"}, "WAYMARK_CHECK_LINKS"),
        ({**GOOD, "WAYMARK_ASK_ORGANIZERS": "never"}, "WAYMARK_ASK_ORGANIZERS"),
        ({**GOOD, "TRUSTED_PROXY_COUNT": "some"}, "TRUSTED_PROXY_COUNT"),
        ({**GOOD, "DATABASE_URL": "mysql://root@localhost/portal"}, "SQLite or PostgreSQL"),
    ],
)
def test_start_is_refused_with_the_reason(tmp_path, variables, words):
    answer = run("-c", "import portal.settings", WAYMARK_DATA_DIR=tmp_path, **variables)

    assert answer.returncode != 0
    assert words in answer.stderr.splitlines()[-1]
    for secret in (STRONG, NOTES):
        assert secret not in answer.stderr


def test_defaults_are_those_of_production(settings_of):
    found = settings_of("DEBUG", "SITE_URL", "SESSION_COOKIE_HTTPONLY", "ALLOWED_HOSTS", **GOOD)

    assert found == {
        "DEBUG": False,
        "SITE_URL": "http://localhost:8000",
        "SESSION_COOKIE_HTTPONLY": True,
        "ALLOWED_HOSTS": ["localhost"],
    }


def test_secrets_are_read_from_their_files(settings_of, tmp_path):
    (tmp_path / "secret_key").write_text(f"{STRONG}\n")
    (tmp_path / "notes_key").write_text(f"{NOTES}\n")

    assert settings_of("SECRET_KEY", "NOTES_KEYS") == {"SECRET_KEY": STRONG, "NOTES_KEYS": [NOTES]}


def test_s13_https_binds_cookies_to_the_host_and_turns_on_hsts(settings_of):
    found = settings_of(
        "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "PREFERENCES_COOKIE_NAME",
        "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_SSL_REDIRECT", "TRUSTED_PROXY_COUNT",
        **PRODUCTION,
    )  # fmt: skip

    assert found.pop("SECURE_HSTS_SECONDS") >= 365 * 24 * 3600
    assert found.pop("TRUSTED_PROXY_COUNT") == 1
    assert all(found.pop(n).startswith("__Host-") for n in list(found) if n.endswith("_NAME"))
    assert set(found.values()) == {True}


def test_sqlite_is_set_so_that_nothing_is_lost(settings_of):
    options = settings_of("DATABASES", **GOOD)["DATABASES"]["default"]["OPTIONS"]

    assert options["transaction_mode"] == "IMMEDIATE"
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        assert pragma in options["init_command"]


def test_s14_checks_of_deployment_are_clean(tmp_path):
    answer = run(
        "manage.py", "check", "--deploy", "--fail-level=WARNING",
        WAYMARK_DATA_DIR=tmp_path, **PRODUCTION,
    )  # fmt: skip

    assert answer.returncode == 0, answer.stderr
    assert "no issues" in answer.stdout


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({**PRODUCTION, "EMAIL_URL": ""}, "portal.E002"),
        ({**PRODUCTION, "TRUSTED_PROXY_COUNT": "0"}, "portal.E001"),
    ],
)
def test_risky_combination_stops_every_command(tmp_path, variables, words):
    answer = run("manage.py", "migrate", WAYMARK_DATA_DIR=tmp_path, **variables)

    assert answer.returncode != 0
    assert words in answer.stderr


def test_every_variable_is_described():
    code = (ROOT / "portal" / "settings.py").read_text()
    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', code))
    described = (ROOT / "docs" / "settings.md").read_text()

    assert len(names) > 10
    assert {name for name in names if f"`{name}`" not in described} == set()
