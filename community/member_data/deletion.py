"""Deletion of a member, with everything that is theirs."""

from datetime import date
from typing import Any

import structlog
from django.db import models, transaction
from django.utils import timezone

from community.accounts.sessions import end_sessions
from community.member_data import ledger
from community.member_data.held import suggestions_to_answer
from community.models import Member, Suggestion
from community.signals import member_deleted

log = structlog.get_logger("community.member_data")


def stays_as_a_number(member: Member) -> bool:
    """Say whether others' pages rest on `member`: who wrote or approved a text stays known.

    Such an account is emptied instead of deleted, and its number is all that is left of it.
    """
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: member.pk}).exists()
        for relation in _relations(models.PROTECT, models.RESTRICT)
    )


def delete_member(member: Member, *, farewell: str) -> bool:
    """Delete `member` and all that is theirs; return whether somebody was there to delete.

    `farewell` is "asked" or "idle", the mail that tells them, or "" for none. What lies outside
    of the tables of members (the queue, sessions, files) is forgotten right afterwards, by
    whoever listens to `member_deleted`.
    """
    on = timezone.localdate()
    with transaction.atomic():
        # Pressed twice: the second waits here, and finds nobody.
        found = Member.objects.select_for_update().filter(pk=member.pk).first()
        if found is None or found.emptied_on is not None:
            return False
        mark = ledger.mark_of(found)
        end_sessions(found)
        asked = [suggestion.pk for suggestion in suggestions_to_answer(found.email)]
        Suggestion.objects.filter(pk__in=asked).update(reply_address="")
        told = {"address": found.email, "number": found.pk, "mark": mark, "on": on}
        told["language"] = found.language
        if stays_as_a_number(found):
            _empty(found, on)
        else:
            found.delete()
        member_deleted.send(sender=Member, farewell=farewell, **told)
        transaction.on_commit(lambda: _write_down(mark, on))
    return True


def _empty(member: Member, on: date) -> None:
    """Take everything out of the account of `member` but its number."""
    for relation in _relations(models.CASCADE):
        # The desk's log of changes names numbers only, and says what became of a page.
        if relation.related_model._meta.label != "admin.LogEntry":
            rows = relation.related_model._base_manager.filter(**{relation.field.name: member.pk})
            rows.delete()
    member.email = f"{member}@account.invalid".lower()
    member.display_name = ""
    member.set_unusable_password()
    member.last_login = None
    member.is_active = member.is_staff = member.is_superuser = False
    member.preferences = member.language = ""
    member.mail_about_changes = Member.MailAboutChanges.OFF
    member.mail_bounced_on = None
    member.idle_notices, member.idle_noticed_on = 0, None
    member.emptied_on = on
    member.save()


def _relations(*on_delete: Any) -> list[Any]:
    """Return the relations of other tables to members that are treated so when one goes."""
    return [
        relation
        for relation in Member._meta.get_fields(include_hidden=True)
        if relation.auto_created
        and not relation.concrete
        and getattr(relation, "on_delete", None) in on_delete
    ]


def _write_down(mark: str, on: date) -> None:
    """Write the mark into the ledger; if its disk is full, the queue tries again."""
    try:
        ledger.write_down(mark, on)
    except OSError as error:
        log.error("ledger not written", error=type(error).__name__)
