"""Parts of pages that are the same for everybody, made once for each language.

The frame of a page is some two hundred words to translate and thirty addresses to make, and on a
page of somebody's own it took as long as all that is theirs. A part is rendered with the values
that it names and nothing else, so that nothing of a request or a member can be in what is kept.
"""

from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

MOST = 500  # parts; the values are few by what they are, not by a promise
_parts: dict[tuple[Any, ...], SafeString] = {}


def fixed_part(template_name: str, **values: Any) -> SafeString:
    """Return what the template makes of `values`, which must be plain and have few forms."""
    key = (template_name, get_language(), *sorted(values.items()))
    part = _parts.get(key)
    if part is None:
        # A template escapes what it is given.
        part = mark_safe(get_template(template_name).render(values))  # noqa: S308
        if not settings.DEBUG and len(_parts) < MOST:
            _parts[key] = part
    return part


def _forget_parts(**_kwargs: Any) -> None:
    _parts.clear()


setting_changed.connect(_forget_parts, dispatch_uid="facts_fixed_parts")
