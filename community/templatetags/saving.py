"""Tags for saving. What they write is the same for everybody, so it may stand on public pages."""

from typing import Any

from django import template
from django.urls import reverse

from community.keeping.saving import KINDS, Saveable, Target, saveable

register = template.Library()


@register.inclusion_tag("community/_save_link.html")
def save_link(what: Target | str, key: str = "", title: str = "", url: str = "") -> dict[str, Any]:
    """Link to the page that saves a topic, fact or group.

    Either `{% save_link group %}`, which asks the database for the heading of a fact, or
    `{% save_link "fact" key title url %}`, where `title` must be the neutral heading of a fact
    that is sensitive.
    """
    saved = Saveable(what, key, title, url) if isinstance(what, str) else saveable(what)
    return {"saved": saved}


@register.inclusion_tag("community/_save_script.html")
def save_script() -> dict[str, Any]:
    """Load the module that saves on this device where there is no account.

    It belongs at the end of every page that has save links, once.
    """
    return {"kinds": KINDS, "state_url": reverse("community:state")}
