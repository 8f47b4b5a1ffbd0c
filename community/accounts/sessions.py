"""How long somebody stays signed in, and how that is ended.

The limits stand in the session itself, and the row in the database expires with the first of
them: there is no moment at which a session is over and its cookie still opens something.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facts.prepared import prepared

_STAY, _BEGAN, _SEEN, _CHOSEN = "stay", "began_at", "seen_at", "stay_chosen"
# Set while a member has to be asked anew whether anything may be kept.
CONSENT_IS_DUE = "consent_is_due"
# A session of nobody holds what was chosen or typed before signing in.
NOBODYS = 24 * 3600  # seconds


class Stay(models.TextChoices):
    """How long somebody stays signed in on a device."""

    DAY = "day", _("For a day")
    KEPT = "kept", _("Keep me signed in on this device")
    SHARED = "shared", _("This is a shared computer")
    STAFF = "staff", _("Staff")


@dataclass(frozen=True)
class Limits:
    """When a session ends, in seconds: without a step (`idle`), and since signing in (`in_all`)."""

    idle: int
    in_all: int
    ends_with_browser: bool = True

    @property
    def step(self) -> int:
        """So long after a noted step, the next one is noted: few rows are written."""
        return self.idle // 30


LIMITS = {
    Stay.DAY: Limits(idle=24 * 3600, in_all=14 * 24 * 3600),
    Stay.KEPT: Limits(idle=14 * 24 * 3600, in_all=14 * 24 * 3600, ends_with_browser=False),
    Stay.SHARED: Limits(idle=15 * 60, in_all=12 * 3600),
    Stay.STAFF: Limits(idle=30 * 60, in_all=12 * 3600),
}
CHOICES = (Stay.DAY, Stay.KEPT, Stay.SHARED)


class SessionStore(db.SessionStore):
    """Django's sessions in the database, each with the limits of whoever is signed in."""

    def _get_session_from_db(self) -> Any:
        # Looked up for every page that is not public. Django's own way is there for none.
        found = _open_sessions(self.session_key, timezone.now())
        return found[0] if found else super()._get_session_from_db()  # type: ignore[misc]

    def get_expiry_age(self, **kwargs: Any) -> int:
        """Return in how many seconds the session is over, if nothing more is done in it."""
        return max(0, seconds_left(self))

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        return timezone.now() + timedelta(seconds=self.get_expiry_age())

    def get_expire_at_browser_close(self) -> bool:
        """Say whether the cookie goes when the browser is closed."""
        return not _is_somebodys(self) or limits_of(self).ends_with_browser


@prepared
def _open_sessions(session_key: str, at: datetime) -> models.QuerySet[Any]:
    return SessionStore.get_model_class().objects.filter(
        session_key=session_key, expire_date__gt=at
    )


def _is_somebodys(session: SessionBase) -> bool:
    return SESSION_KEY in session


def stay_of(session: SessionBase) -> Stay:
    """Return how long somebody stays signed in in `session`."""
    try:
        return Stay(session.get(_STAY, ""))
    except ValueError:
        return Stay.DAY


def limits_of(session: SessionBase) -> Limits:
    """Return the limits of `session`."""
    return LIMITS[stay_of(session)]


def seconds_left(session: SessionBase) -> int:
    """Return in how many seconds `session` is over, if nothing more is done in it."""
    if not _is_somebodys(session):
        return NOBODYS
    now, limits = int(time.time()), limits_of(session)
    seen, began = session.get(_SEEN, now), session.get(_BEGAN, now)
    return int(min(seen + limits.idle, began + limits.in_all) - now)


def remember_stay(session: SessionBase, stay: str) -> None:
    """Keep what somebody has chosen until they are signed in: a code may have to come first."""
    session[_CHOSEN] = stay


def begin(session: SessionBase, *, is_staff: bool) -> None:
    """Set the limits of a session in which somebody has just signed in."""
    chosen = session.pop(_CHOSEN, Stay.DAY)
    session[_STAY] = str(chosen) if chosen in CHOICES else str(Stay.DAY)
    session[_BEGAN] = session[_SEEN] = int(time.time())
    if is_staff:
        hold_to_staff(session)


def hold_to_staff(session: SessionBase) -> None:
    """Narrow `session` to what staff may have; it is never widened again."""
    if stay_of(session) not in {Stay.STAFF, Stay.SHARED}:
        session[_STAY] = str(Stay.STAFF)
        session[_SEEN] = int(time.time())


def note_step(session: SessionBase, *, is_now: bool = False) -> None:
    """Note that something is done in `session`, but not every time: that would write a row.

    With `is_now` it is noted in any case.
    """
    if not _is_somebodys(session):
        return
    now, limits = int(time.time()), limits_of(session)
    if _BEGAN not in session:
        session[_BEGAN] = session[_SEEN] = now
    # Where the limit of the whole comes first, a step moves nothing.
    elif is_now or (limits.idle < limits.in_all and now - session[_SEEN] >= limits.step):
        session[_SEEN] = now


def end_sessions(member: models.Model, *, but: str | None = None) -> int:
    """Sign `member` out on every device, or on all `but` one; return on how many that was."""
    from allauth.usersessions.models import UserSession

    sessions = list(UserSession.objects.filter(user=member.pk).exclude(session_key=but or ""))
    for session in sessions:
        session.end()
    return len(sessions)
