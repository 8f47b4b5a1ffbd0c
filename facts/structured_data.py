"""What search engines may know of a page, from our own dates (https://schema.org/MedicalWebPage).

Always gentle: it holds neutral headings alone, and no reviewer who is not there.
"""

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from facts.models import Fact, FactVersion, Review, Topic

# So that no text can end the element that the data stand in.
_HARMLESS = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}
CONDITION = {"@type": "MedicalCondition", "name": "Metastatic breast cancer"}


def of_fact(fact: Fact, version: FactVersion) -> SafeString:
    """Return the data of a fact's page: when its text began, and who reviewed it, if anybody."""
    return _page(
        name=version.heading,
        path=fact.get_absolute_url(),
        modified=version.live_from,
        reviews=[version.last_review],
    )


def of_topic(topic: Topic, versions: Iterable[FactVersion]) -> SafeString:
    """Return the data of a topic's page. It counts as reviewed if all of its facts are."""
    versions = list(versions)
    moments = [topic.published_at, *(version.live_from for version in versions)]
    return _page(
        name=topic.title,
        path=topic.get_absolute_url(),
        modified=max((m for m in moments if m), default=None),
        reviews=[version.last_review for version in versions],
    )


def _page(
    name: str, path: str, modified: datetime | None, reviews: list[Review | None]
) -> SafeString:
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "MedicalWebPage",
        "name": name,
        "url": f"{settings.SITE_URL}{path}",
        "about": CONDITION,
        "audience": {"@type": "Patient"},
        "publisher": {"@type": "Organization", "name": settings.SITE_NAME},
    }
    if modified:
        data["dateModified"] = modified.isoformat()
    standing = [review for review in reviews if review]
    if standing and len(standing) == len(reviews):
        oldest = min(standing, key=lambda review: review.reviewed_on)
        data["lastReviewed"] = _day(oldest.reviewed_on)
        if len(standing) == 1:
            data["reviewedBy"] = {
                "@type": "Person",
                "name": oldest.reviewer_name,
                "jobTitle": oldest.reviewer_role,
            }
    return mark_safe(json.dumps(data).translate(_HARMLESS))  # noqa: S308  Made harmless above.


def _day(day: date) -> str:
    return day.isoformat()
