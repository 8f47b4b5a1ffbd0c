"""The one answer to whoever left an address with a suggestion. Its words give nothing away."""

from typing import Any

from django.utils import timezone, translation

from community.models import Suggestion
from facts import mails


def send_answer(suggestion: Suggestion) -> bool:
    """Say what came of a decided `suggestion`, once; return whether a mail was made.

    Call it in the transaction of the decision: both happen, or neither.
    """
    context = {"outcome": suggestion.outcome, "reason": suggestion.reason}
    if not _send(suggestion, context):
        return False
    _note(suggestion, answered_at=timezone.now())
    return True


def send_late_answer(suggestion: Suggestion) -> bool:
    """Say that nobody has decided yet, and forget the address; return whether a mail was made."""
    if _send(suggestion, {"is_late": True}):
        _note(suggestion, answered_at=timezone.now(), reply_address="")
        return True
    _note(suggestion, reply_address="")  # No key opens it.
    return False


def _send(suggestion: Suggestion, context: dict[str, Any]) -> bool:
    address = suggestion.private("reply_address")
    if not address or suggestion.answered_at is not None:
        return False
    with translation.override(suggestion.language):
        mails.send("community/email/suggestion_answered", address, context)
    return True


def _note(suggestion: Suggestion, **changes: Any) -> None:
    Suggestion.objects.filter(pk=suggestion.pk).update(**changes)
    suggestion.refresh_from_db(fields=list(changes))
