"""The two mails of a clinical review: the link to the clinician, the news to whoever asked."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from facts import review_links
from facts.mails import send
from facts.models import FactVersion, ReviewRequest


def send_request(
    version: FactVersion, by: Any, *, asked_of: str, email: str, line: str = ""
) -> ReviewRequest:
    """Ask a clinician about `version`, with one mail to `email`, which is kept nowhere.

    `line` is a personal sentence for the mail. The request and the mail are made together or not
    at all. Raises PermissionDenied or ValidationError.
    """
    staff = get_user_model().objects.filter(is_staff=True, email__iexact=email)
    if staff.exists():
        # Whoever works here must never hold the link: it would make them their own reviewer.
        raise ValidationError(
            {"email": _("Somebody who works here has this address. Ask somebody outside.")}
        )
    with transaction.atomic():
        request, secret = ReviewRequest.ask(version, by, asked_of=asked_of)
        context = {
            "asked_by_role": _role(by),
            "line": line.strip(),
            "url": review_links.make_url(request.pk, secret),
            "expires_at": timezone.localtime(request.expires_at),
        }
        send("facts/email/review_request", email, context)
    return request


def record_answer(request: ReviewRequest, **answer: str) -> None:
    """Keep a clinician's `answer`, and tell whoever asked, who still works here, that it came.

    Raises what `ReviewRequest.record_answer` raises.
    """
    with transaction.atomic():
        request.record_answer(**answer)
        asker = request.asked_by
        if asker is None or not (asker.is_active and asker.is_staff):
            return
        path = reverse("admin:facts_factversion_change", args=[request.version_id])  # type: ignore[attr-defined]
        send("facts/email/review_answered", asker.email, {"url": settings.SITE_URL + path})


def _role(person: Any) -> str:
    """Name the role of `person`, and never the person."""
    if person.is_superuser:
        return _now("An administrator")
    if person.has_perm("facts.approve_factversion"):
        return _now("A reviewer")
    return _now("An editor")
