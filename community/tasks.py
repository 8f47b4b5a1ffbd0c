"""What the community app has to do again and again; the portal says when."""

from django.utils import timezone

from community.models import Meeting, Occurrence


def rebuild_occurrences() -> int:
    """Keep the dates of every meeting ready for 400 days; return the number of meetings.

    Each meeting is a transaction of its own, so that readers never wait for all of them. A
    meeting that was removed in between is passed over.
    """
    number = 0
    for meeting in Meeting.objects.order_by("pk").iterator(chunk_size=500):
        number += Occurrence.objects.rebuild(meeting, timezone.now())
    return number
