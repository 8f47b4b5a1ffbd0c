"""Steps that several tests of the account take."""

import re

from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)

from tests.factories import PASSWORD


def code_in(message):
    """Return the code that a mail holds."""
    return re.search(r"\d{4}-\d{4}", message.body).group()


def app_code(secret):
    """Return what an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def sign_in(client, member, **extra):
    """Sign in by password; a second step, if there is one, is still to come."""
    return client.post("/accounts/login/", {"login": member.email, "password": PASSWORD, **extra})
