import pytest
from django.core.checks import run_checks

from portal import checks


def found(settings, **changes):
    for name, value in changes.items():
        setattr(settings, name, value)
    return {message.id for message in run_checks(include_deployment_checks=False)}


def test_settings_of_a_first_start_are_sound(settings):
    assert not found(settings)


def test_https_without_a_proxy_is_refused(settings):
    changes = {"IS_HTTPS": True, "EMAIL_IS_SENT": True}

    assert "portal.E001" in found(settings, TRUSTED_PROXY_COUNT=0, **changes)
    assert not found(settings, TRUSTED_PROXY_COUNT=1, **changes)


def test_https_without_mail_is_refused(settings):
    assert "portal.E002" in found(
        settings, IS_HTTPS=True, TRUSTED_PROXY_COUNT=1, EMAIL_IS_SENT=False
    )


def test_notes_without_a_key_are_refused(settings):
    assert "portal.E003" in found(settings, NOTES_KEYS=[])


@pytest.mark.parametrize(
    ("contact", "is_fine"),
    [
        ("", True),
        ("security@example.org", True),
        ("https://example.org/security", True),
        ("security@example.org\nContact: mailto:a@evil.example", False),
        ("the front desk", False),
        ("http://example.org/security", False),
    ],
)
def test_security_contact_is_one_address(settings, contact, is_fine):
    assert ("portal.E004" in found(settings, SECURITY_CONTACT=contact)) is not is_fine


@pytest.mark.parametrize(
    ("name", "value", "is_fine"),
    [
        ("DISCREET_NAME", "Waymark", True),
        ("DISCREET_NAME", "Breast Cancer Friends", False),
        ("DEFAULT_FROM_EMAIL", "Waymark <no-reply@metastasis.example.org>", False),
        ("SITE_URL", "https://stage4-oncology.example.org", False),
        ("SITE_URL", "https://waymark.example.org", True),
    ],
)
def test_what_stands_in_every_mail_names_no_illness(settings, name, value, is_fine):
    assert ("portal.W005" in found(settings, **{name: value})) is not is_fine


def test_every_refusal_says_what_to_do(settings):
    settings.IS_HTTPS, settings.TRUSTED_PROXY_COUNT, settings.EMAIL_IS_SENT = True, 0, False
    settings.NOTES_KEYS, settings.SECURITY_CONTACT = [], "no address"

    messages = [
        message
        for check in (
            checks.check_proxies,
            checks.check_mail,
            checks.check_keys,
            checks.check_security_contact,
        )
        for message in check()
    ]

    assert len(messages) == 4
    assert all(message.hint for message in messages)
