"""What staff do to several listings at once. Each says what it did, and to how many.

Rows are saved one by one, so that history, search and stored pages learn of each.
"""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext


@admin.action(description=gettext_lazy("Mark as checked today"), permissions=["change"])
def mark_as_checked(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> None:
    """Write today's day as the day on which somebody confirmed each of them."""
    today = timezone.localdate()
    number = 0
    for listing in queryset:
        listing.checked_on = today
        # It was looked at, and not edited.
        listing.save(update_fields=["checked_on"])
        model_admin.log_change(request, listing, _("Marked as checked today."))
        number += 1
    words = ngettext(
        "%(number)d listing is marked as checked today, %(day)s.",
        "%(number)d listings are marked as checked today, %(day)s.",
        number,
    )
    day = date_format(today, "j F Y")
    model_admin.message_user(request, words % {"number": number, "day": day}, messages.SUCCESS)


@admin.action(description=gettext_lazy("Publish"), permissions=["change"])
def publish(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> None:
    """Put each on the site from now on, unless it is there already or holds a mistake."""
    now = timezone.now()
    number = 0
    for listing in queryset:
        if listing.published_at and listing.published_at <= now:
            words = _("“%(name)s” is on the site already. It was left as it is.")
            model_admin.message_user(request, words % {"name": listing}, messages.INFO)
            continue
        try:
            listing.full_clean()
            if details := getattr(listing, "joining_details", None):
                details.full_clean()  # They know whether the listing repeats them.
        except ValidationError as error:
            words = _("“%(name)s” was not published: %(reason)s")
            reason = " ".join(error.messages)
            model_admin.message_user(
                request, words % {"name": listing, "reason": reason}, messages.ERROR
            )
            continue
        listing.published_at = now
        listing.save()
        model_admin.log_change(request, listing, _("Published."))
        number += 1
    if number:
        words = ngettext(
            "%(number)d listing is on the site now.",
            "%(number)d listings are on the site now.",
            number,
        )
        model_admin.message_user(request, words % {"number": number}, messages.SUCCESS)


@admin.action(description=gettext_lazy("Take off the site"), permissions=["change"])
def take_off(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> None:
    """Hide each from readers; nothing of it is lost."""
    number = 0
    for listing in queryset.filter(published_at__isnull=False):
        listing.published_at = None
        listing.save()
        model_admin.log_change(request, listing, _("Taken off the site."))
        number += 1
    words = ngettext(
        "%(number)d listing is off the site. Nothing in it is lost; you can publish it again.",
        "%(number)d listings are off the site. Nothing in them is lost; you can publish them "
        "again.",
        number,
    )
    if not number:
        words = _("None of these was on the site. Nothing was changed.")
    model_admin.message_user(request, words % {"number": number}, messages.SUCCESS)
