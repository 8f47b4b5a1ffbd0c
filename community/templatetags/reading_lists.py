"""Tags for the pages of lists."""

from collections.abc import Iterable

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from community.keeping.cards import Card
from community.keeping.molds import cards_as_html

register = template.Library()


@register.simple_tag(takes_context=True)
def saved_items(context: Context, cards: Iterable[Card]) -> SafeString:
    """The sheets of a list, each as `community/_saved_item.html` has it."""
    return cards_as_html(cards, context)
