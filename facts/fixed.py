"""Parts of pages that are the same for everybody, made once for each language.

The frame of a page is some two hundred words to translate and thirty addresses to make, and on a
page of somebody's own it took as long as all that is theirs. A part is rendered with the values
that it names and nothing else, so that nothing of a request or a member can be in what is kept.
"""

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from crispy_forms.templatetags.crispy_forms_filters import as_crispy_form
from django import forms
from django.conf import settings
from django.core.signals import setting_changed
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

MOST = 500  # parts and forms; the values are few by what they are, not by a promise
_parts: dict[tuple[Any, ...], SafeString] = {}
_forms: dict[tuple[Any, ...], str] = {}
# What stands in the place of a text of somebody's.
_MARK = re.compile("\ue001([a-z_]+)\ue002")


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


def mark(name: str) -> str:
    """Return what stands in a kept part in the place of the text with this name."""
    return f"\ue001{name}\ue002"


def filled_part(template_name: str, texts: Mapping[str, str], **values: Any) -> SafeString:
    """Return the part with `texts`, which the template finds by their names; they are not kept.

    A value may hold the mark of a text, too.
    """
    part = fixed_part(template_name, **values, **{name: mark(name) for name in texts})
    return _filled(part, texts)


def _filled(part: str, texts: Mapping[str, str]) -> SafeString:
    # In one pass, so that no text of anybody's can be taken for a mark.
    return mark_safe(_MARK.sub(lambda found: escape(texts[found[1]]), part))  # noqa: S308


def fixed_form(form: forms.BaseForm) -> SafeString:
    """Return a form as crispy makes it; of one that was not sent, only what is typed differs.

    All its fields are lines of text.
    """
    if form.is_bound:
        return as_crispy_form(form)
    begun = {
        name: str(form.get_initial_for_field(field, name) or "")
        for name, field in form.fields.items()
    }
    typed = [name for name, text in begun.items() if text]
    key = (type(form), form.auto_id, form.prefix, get_language(), *typed)
    pattern = _forms.get(key)
    if pattern is None:
        marks = {name: mark(name) for name in typed}
        blank = type(form)(initial=marks, auto_id=form.auto_id, prefix=form.prefix)
        pattern = str(as_crispy_form(blank))
        if not settings.DEBUG and len(_forms) < MOST:
            _forms[key] = pattern
    return _filled(pattern, begun)


def _forget_parts(**_kwargs: Any) -> None:
    _parts.clear()
    _forms.clear()


setting_changed.connect(_forget_parts, dispatch_uid="facts_fixed_parts")
