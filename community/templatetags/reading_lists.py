"""Tags for the pages of lists."""

from collections.abc import Iterable

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from community.card_molds import cards_as_html
from community.cards import Card

register = template.Library()


@register.simple_tag(takes_context=True)
def saved_items(context: Context, cards: Iterable[Card]) -> SafeString:
    """The sheets of a list, each as `community/_saved_item.html` has it."""
    return cards_as_html(cards, context)
