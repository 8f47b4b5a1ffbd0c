"""A version as it will look, on a phone or on a wide screen, gentle or open. Plain functions."""

from typing import Any

from django.http import HttpRequest
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from facts import gentle
from facts.models import FactVersion

PHONE = "phone"


def preview_context(
    request: HttpRequest, version: FactVersion, asked: gentle.Asked
) -> dict[str, Any]:
    """Return what a preview of `version` shows, and the ways to see it differently.

    `?width=phone` puts it into a frame as wide as a phone; `?show=` opens what is covered.
    """
    slug = version.fact.slug
    is_phone = request.GET.get("width") == PHONE
    is_open = bool(asked.slugs & {slug, gentle.EVERYTHING})
    ways = [
        (_("Wide, gentle"), False, False),
        (_("Wide, all shown"), False, True),
        (_("Phone, gentle"), True, False),
        (_("Phone, all shown"), True, True),
    ]
    return {
        "version": version,
        "shown": gentle.show(version.fact, version, asked),
        "is_phone": is_phone,
        "is_preview": True,
        "show_query": _query(is_phone, slug, is_open=True),
        "ways": [
            {
                "words": words,
                "query": _query(phone, slug, is_open=opened),
                "is_current": (phone, opened) == (is_phone, is_open),
            }
            for words, phone, opened in ways
        ],
    }


def _query(is_phone: bool, slug: str, *, is_open: bool) -> str:
    query = {"width": PHONE} if is_phone else {}
    if is_open:
        query["show"] = slug
    return f"?{urlencode(query)}"
