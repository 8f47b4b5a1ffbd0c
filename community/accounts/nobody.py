"""The number that a way in has where there is no account: it is looked up like any other.

allauth keeps no number for an address that has no account (or, at sign-up, for one that has),
and then looks nobody up on the pages that follow. These are asked for as often as somebody
likes, so even a millisecond would tell.
"""

from allauth.account.internal.flows.email_verification_by_code import (
    EMAIL_VERIFICATION_CODE_SESSION_KEY,
)
from allauth.account.internal.flows.password_reset_by_code import (
    PASSWORD_RESET_VERIFICATION_SESSION_KEY,
)
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase

# The numbers of members begin far above.
NOBODY = "0"
# Where each way in keeps the number of its account.
_PLACES = {
    LOGIN_SESSION_KEY: "user_pk",
    EMAIL_VERIFICATION_CODE_SESSION_KEY: "user_id",
    PASSWORD_RESET_VERIFICATION_SESSION_KEY: "user_id",
}


def number_nobody(session: SessionBase) -> None:
    """Give the ways in that are begun in `session`, and are nobody's, the number of nobody."""
    for key, place in _PLACES.items():
        begun = session.get(key)
        if begun and begun.get(place) is None:
            begun[place] = NOBODY
