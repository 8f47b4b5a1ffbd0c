"""Finds every form of the portal by opening its pages, so that new ones are swept, too."""

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from tests.portal.matrix import ACCOUNTS, DESK
from tests.portal.test_permissions import ADDRESSES
from tests.portal.world import STAFF, World

# Pages that open only with a token, at one step of a text's way, or with a question.
MORE = [
    "/clinical-review/{clinical}/",
    "/listing-check/{listing}/",
    "/listing-check/{listing}/changes/",
    "/preview/{preview_token}/",
    "/lists/calendar/{owner_feed}.ics",
    "/admin/community/suggestion/{correction}/change/",
    "/admin/community/member/{member}/do/sign-out/",
    "/admin/community/member/{member}/do/switch-off/",
    "/admin/community/member/{member}/do/delete/",
    "/admin/facts/factversion/{live}/change/",
    *(
        f"/admin/facts/factversion/{{in_review}}/{step}/"
        for step in ("ask", "approve", "return", "reject")
    ),
    *(f"/admin/facts/factversion/{{live}}/{step}/" for step in ("review", "withdraw", "stands")),
]
# Pages of the desk whose forms hold nothing to type: lists, histories, "are you sure?".
NOTHING_TO_TYPE = re.compile(r"/admin/\w+/\w+/(?:\{\w+\}/(?:history/.*|delete/|$)|$)")
ALL_PAGES = [row[0] for row in {**ADDRESSES, **ACCOUNTS, **DESK}.values()] + MORE
# Who opens pages to look for forms: first whoever sees the fewest, so that each is found as the
# people see it for whom it is made.
FINDERS = ("visitor", "owner", *STAFF)
WRITTEN = {"text", "search", "textarea", "email", "url", "tel", "password", "number", "date",
           "time", "datetime-local", "hidden"}  # fmt: skip
FREE = {"text", "search", "textarea"}


@dataclass(frozen=True)
class Field:
    """One field of a form, as a browser sees it."""

    name: str
    kind: str
    value: str = ""
    options: tuple[str, ...] = ()
    is_required: bool = False


@dataclass
class Form:
    """A form on a page, and in which role it was found."""

    page: str
    action: str = ""
    method: str = "get"
    fields: list[Field] = field(default_factory=list)
    role: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes it a form of its own, whoever sees it on whatever page."""
        return (self.method, self.target, tuple(f.name for f in self.fields))

    @property
    def target(self) -> str:
        """The path that the form is sent to."""
        return urlsplit(urljoin(self.page, self.action)).path

    def filled(self) -> dict[str, Any]:
        """Return what a browser would send if nobody typed anything, boxes that must be ticked."""
        data: dict[str, Any] = {}
        for one in self.fields:
            if one.kind in {"submit", "button", "file", "image"}:
                continue
            if one.kind == "checkbox" and not (one.is_required or one.options):
                continue
            if one.kind == "radio" and not one.options and one.name in data:
                continue
            if one.kind == "select" and not one.value and one.is_required:
                data[one.name] = next((o for o in one.options if o), "")
            elif one.kind in {"checkbox", "radio"}:
                data.setdefault(one.name, one.value or "on")
            else:
                data[one.name] = one.value
        data.pop("csrfmiddlewaretoken", None)
        return data

    def named(self, *kinds: str) -> list[str]:
        """Return the names of the fields of `kinds`, once each."""
        return list(dict.fromkeys(f.name for f in self.fields if f.kind in kinds and f.name))


class _Reader(HTMLParser):
    """Collects the forms of a page. A field may stand apart and name its form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.forms, self.by_id = page, [], {}  # type: ignore[var-annotated]
        self.form: Form | None = None
        self.select: Field | None = None
        self.area: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Form(self.page, found.get("action", ""), found.get("method", "get").lower())
            self.forms.append(self.form)
            if "id" in found:
                self.by_id[found["id"]] = self.form
        elif tag in {"input", "button", "select", "textarea"}:
            self._take(tag, found)
        elif tag == "option" and self.select is not None:
            value = found.get("value", "")
            chosen = value if "selected" in found else self.select.value
            self.select = replace(self.select, options=(*self.select.options, value), value=chosen)

    def _take(self, tag: str, found: dict[str, str]) -> None:
        form = self.by_id.get(found.get("form", ""), self.form)
        if form is None or not found.get("name"):
            return
        kind = found.get("type", "text" if tag == "input" else "submit")
        is_on = "checked" in found
        one = Field(
            found["name"],
            kind if tag in {"input", "button"} else tag,
            found.get("value", ""),
            ("checked",) if is_on else (),
            "required" in found,
        )
        if tag == "select":
            self.select = replace(one, options=())
        elif tag == "textarea":
            self.area = one
        else:
            form.fields.append(one)
        self.holder = form

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.area = replace(self.area, value=self.area.value + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select" and self.select is not None:
            self.holder.fields.append(self.select)
            self.select = None
        elif tag == "textarea" and self.area is not None:
            # HTML leaves out one line break at the beginning.
            self.holder.fields.append(replace(self.area, value=self.area.value.removeprefix("\n")))
            self.area = None


def forms_of(page: str, html: str) -> list[Form]:
    """Return the forms of a page."""
    reader = _Reader(page)
    reader.feed(html)
    return reader.forms


def find_forms(world: World) -> list[Form]:
    """Return each form of the portal once, as the first of FINDERS sees it who sees it.

    Everybody who is signed in has just proved who they are. A page of the desk is opened by the
    first to whom it opens.
    """
    found: dict[Any, Form] = {}
    done = set()
    for role in FINDERS:
        for page in ALL_PAGES:
            is_desk = page.startswith("/admin/")
            if is_desk and (page in done or role not in STAFF):
                continue
            if NOTHING_TO_TYPE.match(page) or (not is_desk and role in STAFF[1:]):
                continue
            address = page.format_map(world.keys)
            response = world.ask(role, "GET", address, is_proved=True)
            if response.status_code == 200:
                done.add(page)
            if "html" not in response.headers.get("Content-Type", ""):
                continue
            for form in forms_of(address, response.text):
                form.role = role
                found.setdefault(form.key, form)
    return list(found.values())
