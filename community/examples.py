"""Two example groups for a fresh installation, marked as such wherever they are shown."""

from datetime import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community.models import JoiningDetails, Meeting, MeetingException, SavedItem, SupportGroup

EXAMPLES: dict[str, dict[str, Any]] = {
    "example-wednesday-online": {
        "group": {
            "name": "Example: Wednesday evening online",
            "description": (
                "An hour and a half of talk for people with metastatic breast cancer. Somebody "
                "who lives with it opens the evening, asks who would like to begin, and sees that "
                "everybody has room."
            ),
            "first_meeting": (
                "Robin lets you in and says hello. You say your first name, or nothing at all. You "
                "can keep your camera off and only listen, and leave when you have had enough."
            ),
            "organisation": "An example organization",
            "run_by": "peer",
            "audiences": ["newly-diagnosed", "living-long-term"],
            "is_metastatic_only": True,
            "languages": ["en", "es"],
            "sign_languages": ["ase"],
            "country": "US",
            "is_online": True,
            "access_features": ["captions", "camera-off"],
            "attendance": "sign-up",
            "size": "medium",
            "cost": "Free",
            "website": "https://example.org/",
            "public_contact": "Robin",
            "joining_policy": "members",
            "how_to_ask": "Write to the address on the web page.",
        },
        "meeting": {
            "frequency": "weekly",
            "weekday": "2",
            "starts_at": time(18),
            "time_zone": "America/Chicago",
        },
        # Of the dates ahead, which one, and what is different on it.
        "exceptions": {
            1: {"is_cancelled": True, "note": "An example of a date that is canceled."},
        },
        "joining_details": {
            "link": "https://example.org/not-a-real-meeting",
            "meeting_number": "000 0000 0000",
            "passcode": "not-a-real-code",
            "note": "This is an example. Real details would stand here.",
        },
    },
    "example-tuesday-circle": {
        "group": {
            "name": "Example: Tuesday circle",
            "description": (
                "A small circle for people with breast cancer and for those close to them. A nurse "
                "and two members run it together. There is tea, and nobody has to speak. You can "
                "come in person or join the same circle on a screen."
            ),
            "first_meeting": (
                "Sam meets you at the door, shows you round and sits beside you if you like. You "
                "need not say why you came. Some people come twice before they say a word."
            ),
            "organisation": "An example hospital",
            "run_by": "both",
            "audiences": ["family-carer"],
            "languages": ["en"],
            "is_in_person": True,
            "is_online": True,
            "place": "An example library, London",
            "country": "GB",
            "region_served": "London and around",
            "latitude": 51.5074,
            "longitude": -0.1278,
            "access_features": ["step-free", "accessible-toilet", "hearing-loop", "companion"],
            "access": "The way in without steps is at the back.",
            "attendance": "drop-in",
            "size": "small",
            "cost": "Free",
            "website": "https://example.org/",
            "public_contact": "Sam",
            "joining_policy": "on-request",
            "how_to_ask": "Write to the address on the web page.",
        },
        "meeting": {
            "frequency": "monthly",
            "weekday": "1",
            "ordinals": ["2", "4"],
            "starts_at": time(18, 30),
            "time_zone": "Europe/London",
        },
        "exceptions": {
            1: {
                "new_duration_minutes": 120,
                "place": "The example town hall, London",
                "note": "An example of a date that is different: a nurse speaks about sleep.",
            },
        },
        "joining_details": {
            "link": "https://example.org/not-a-real-circle",
            "door_code": "not-a-real-code",
            "note": "This is an example. Real details would stand here.",
        },
    },
}


@transaction.atomic
def load_examples() -> list[str]:
    """Make the example groups that are missing, while the site runs on this machine alone.

    Returns what it did, a line for each. An example that was removed stays away: its history
    says so. What staff have changed in one stays as it is.
    """
    if not settings.IS_LOCAL:
        return []
    lines = []
    now = timezone.now()
    for slug, parts in EXAMPLES.items():
        is_there = SupportGroup.objects.filter(slug=slug).exists()
        was_removed = SupportGroup.history.filter(slug=slug, is_example=True, history_type="-")
        if is_there or was_removed.exists():
            continue
        group = SupportGroup(slug=slug, is_example=True, published_at=now, **parts["group"])
        group.full_clean()
        group.save()
        meeting = Meeting.objects.create(
            group=group, first_on=timezone.localdate(), **parts["meeting"]
        )
        ahead = meeting.next_occurrences(now, len(parts["exceptions"]) + 2)
        for number, changes in parts["exceptions"].items():
            on = ahead[number].original_on
            MeetingException.objects.create(meeting=meeting, on=on, **changes)
        JoiningDetails.objects.create(group=group, **parts["joining_details"])
        lines.append(_("Example group made: %(name)s") % {"name": group.name})
    return lines


@transaction.atomic
def remove_examples() -> tuple[list[str], list[str]]:
    """Take the example groups away; return the names of those deleted and of those kept.

    An example is kept, off the site, if a member has written a note about it: notes are not
    lost. What was saved without a note goes with its example. One that is off the site already
    is not named again.
    """
    removed, kept = [], []
    for group in SupportGroup.objects.filter(is_example=True).order_by("name"):
        items = list(SavedItem.objects.filter(group=group))
        for item in items:
            if not item.has_note:
                item.delete()
        if not any(item.has_note for item in items):
            removed.append(group.name)
            group.delete()
        elif group.published_at:
            group.published_at = None
            group.save()
            kept.append(group.name)
    return removed, kept
