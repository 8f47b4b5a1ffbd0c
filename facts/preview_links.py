"""Signed links that show a draft to somebody without an account. Plain functions.

Nothing is stored: the link names the version and the moment when it was made, and is signed with
a salt of its own. It ends after `MAX_AGE`, when the version is decided, or when the key of the
site changes.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from facts.models import Event, FactVersion
from facts.models.versions import NEEDS_NEUTRAL_HEADING

MAX_AGE = timedelta(days=7)
SALT = "facts.preview_links"


def make(version: FactVersion, by: Any) -> str:
    """Return a new link to `version`, whole; `by` and the moment stand in the version's trail.

    Raises PermissionDenied, or ValidationError if the version may not be shown that way.
    """
    if not by.has_perm("facts.change_factversion"):
        raise PermissionDenied(_now("Your role does not include this."))
    with transaction.atomic():
        locked = version.locked()
        if why_not := refusal(locked):
            raise ValidationError(why_not, code="refused")
        Event.objects.create(
            version=version, verb=Event.Verb.SHARED, actor=by, happened_at=timezone.now()
        )
    address = reverse("facts:draft-preview", args=[token(version)])
    return f"{settings.SITE_URL}{address}"


def refusal(version: FactVersion) -> str:
    """Return in words why `version` is not to be shown by a link, or an empty string."""
    if not version.is_open:
        return _now("It was decided already. Only a text that is still worked on has such a link.")
    if not version.sensitivity:
        return _now("Say first whether it is sensitive, so that it can be covered.")
    if version.sensitivity in NEEDS_NEUTRAL_HEADING and not version.neutral_heading.strip():
        return _now("It is sensitive, so give it a neutral heading first.")
    withdrawn = FactVersion.objects.filter(fact_id=version.fact_id, language=version.language)
    if withdrawn.exclude(withdrawn_reason="").filter(body=version.body).exists():
        return _now(
            "Its text is still the one that was withdrawn. Change it first, then make a link."
        )
    return ""


def token(version: FactVersion) -> str:
    """Return what stands in the address."""
    return signing.dumps(version.pk, salt=SALT)


def version_of(token: str) -> FactVersion | None:
    """Return the version that `token` shows now, with its evidence, or None."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        return None
    if type(pk) is not int or not 0 < pk < 2**63:
        return None
    versions = FactVersion.objects.open().select_related("fact__topic").with_evidence()
    version = versions.filter(pk=pk).first()
    return version if version is not None and not refusal(version) else None


def ends_at() -> Any:
    """Return when a link that is made now ends."""
    return timezone.now() + MAX_AGE


EXPLANATION = _(
    "Whoever has the link can read this text without an account, for seven days, or until it is "
    "decided. The page says that it is a draft, and covers what is sensitive first."
)
