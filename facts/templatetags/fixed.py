"""Tags for parts of pages that are the same for everybody."""

from typing import Any

from django import template
from django.forms import BaseForm
from django.utils.safestring import SafeString

from facts import fixed as made_once

register = template.Library()
# The parts of the site that the header names.
SECTIONS = frozenset({"help", "facts", "groups", "questions", "glossary", "lists"})


@register.simple_tag
def fixed(template_name: str, **values: Any) -> SafeString:
    """Include a template that says the same to everybody who has these few values."""
    return made_once.fixed_part(template_name, **values)


@register.simple_tag
def filled(template_name: str, **texts: str) -> SafeString:
    """Include a template that differs by `texts` alone; it is kept without them."""
    return made_once.filled_part(template_name, texts)


@register.filter
def fixed_form(form: BaseForm) -> SafeString:
    """Show a form of lines of text; all but what is typed is made once."""
    return made_once.fixed_form(form)


@register.filter
def section(path: str) -> str:
    """Return in which of the parts of the site that the header names `path` is, or ""."""
    first = path[1:].partition("/")
    return first[0] if first[1] and first[0] in SECTIONS else ""
