"""The prose editor under the strict Content-Security-Policy.

The editor's widget prints an inline import map, and its engine adds one style element. Pages that
hold the editor allow exactly these two, by their hashes; every other page of the admin allows
nothing inline. Source: Content Security Policy Level 3, section 6.7.3.
"""

import base64
import hashlib
from typing import Any

from django.contrib import admin
from django.forms import Media
from django.http import HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin

# The style element of Tiptap as shipped in django-prose-editor 0.28.0. A test computes it anew
# from the shipped file, so that an upgrade which changes it is noticed.
EDITOR_STYLE_HASH = "'sha256-PlumsSlvJ7vvWzjqibGAYKq92O3y/4JTxWWsWJvyUYA='"


def content_hash(content: str) -> str:
    """Return the source expression that allows an inline element with exactly `content`."""
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def import_map_hashes(media: Media) -> list[str]:
    """Return the hashes of the import maps that `media` prints: one, or none without an editor."""
    rendered: list[str] = getattr(media, "render_importmap", list)()
    return [content_hash(tag[tag.index(">") + 1 : tag.rindex("</")]) for tag in rendered]


def allow_editor(response: HttpResponse, media: Media) -> HttpResponse:
    """Let the editor run on this response, if `media` holds one."""
    if hashes := import_map_hashes(media):
        response._csp_update = {  # type: ignore[attr-defined]
            "script-src": hashes,
            "style-src": [EDITOR_STYLE_HASH],
        }
    return response


class EditorAdmin(admin.ModelAdmin):
    """A model whose form may hold the prose editor."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        response = super().render_change_form(request, context, *args, **kwargs)
        return allow_editor(response, context["media"])


class EditorHistoryAdmin(EditorAdmin, SimpleHistoryAdmin):
    """The same, with a history of every save."""

    def render_history_view(
        self, request: HttpRequest, template: str, context: dict[str, Any], **kwargs: Any
    ) -> HttpResponse:
        response = super().render_history_view(request, template, context, **kwargs)
        return allow_editor(response, context.get("media", Media()))
