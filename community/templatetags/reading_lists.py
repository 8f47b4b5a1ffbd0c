"""Tags for the pages of lists."""

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from community.card_molds import card_as_html
from community.cards import Card

register = template.Library()


@register.simple_tag(takes_context=True)
def saved_item(context: Context, card: Card) -> SafeString:
    """One sheet of a list, as `community/_saved_item.html` has it."""
    return card_as_html(card, context)
