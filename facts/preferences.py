"""What a reader has chosen, kept in one cookie unless the portal knows a better place."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Self
from urllib.parse import parse_qsl, urlencode
from zoneinfo import available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from facts.choices import Sensitivity

GENTLE_BY_DEFAULT = frozenset({Sensitivity.PROGNOSIS.value, Sensitivity.END_OF_LIFE.value})
SENSITIVE = tuple(s.value for s in Sensitivity if s != Sensitivity.NONE)
TEXT_SIZES = ("", "large", "largest")
SPACINGS = ("", "wide")
SCHEMES = ("", "light", "dark")
UNITS = ("", "km", "miles")
_NOTHING = "nothing"
COOKIE_AGE = 365 * 24 * 3600  # seconds


@cache
def time_zone_names() -> frozenset[str]:
    """Return the names of the IANA time zone database, read once: it is slow to list."""
    return frozenset(available_timezones())


@cache
def place_zones() -> frozenset[str]:
    """Return the zones that people choose from: one for each place whose clocks went their own way.

    The older names of the same clocks, which the database keeps too, are not among them.
    """
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return frozenset(line[2].strip() for line in lines) & time_zone_names()


@dataclass(frozen=True)
class Preferences:
    """How somebody reads. The defaults are those of a reader who has chosen nothing.

    `hidden` holds the sensitivities that are left out until they are asked for. `text_size` is
    "", "large" or "largest"; `spacing` is "" or "wide"; `scheme` is "" (as the device), "light"
    or "dark"; `zone` is an IANA time zone name, or "" for the zone of each group; `units` is
    "km", "miles", or "" for what people use in the country that is looked at.
    """

    hidden: frozenset[str] = field(default=GENTLE_BY_DEFAULT)
    text_size: str = ""
    spacing: str = ""
    scheme: str = ""
    zone: str = ""
    units: str = ""

    @classmethod
    def parse(cls, cookie: str) -> Self:
        """Read a cookie's value. What is unknown or broken counts as not chosen."""
        values = dict(parse_qsl(cookie)) if len(cookie) <= 300 else {}
        hidden = GENTLE_BY_DEFAULT
        # Only a value that this class wrote opens anything.
        if values.get("hide") == _NOTHING:
            hidden = frozenset()
        elif frozenset(values.get("hide", "").split(".")) <= frozenset(SENSITIVE):
            hidden = frozenset(values["hide"].split("."))
        text_size, spacing = values.get("text", ""), values.get("spacing", "")
        scheme = values.get("scheme", "")
        zone, units = values.get("zone", ""), values.get("units", "")
        return cls(
            hidden=hidden,
            text_size=text_size if text_size in TEXT_SIZES else "",
            spacing=spacing if spacing in SPACINGS else "",
            scheme=scheme if scheme in SCHEMES else "",
            zone=zone if zone in time_zone_names() else "",
            units=units if units in UNITS else "",
        )

    def serialise(self) -> str:
        """Return the cookie's value, or "" if nothing differs from the defaults."""
        values = {
            "text": self.text_size,
            "spacing": self.spacing,
            "scheme": self.scheme,
            "zone": self.zone,
            "units": self.units,
        }
        chosen = {name: value for name, value in values.items() if value}
        if self.hidden != GENTLE_BY_DEFAULT:
            chosen["hide"] = ".".join(sorted(self.hidden)) or _NOTHING
        return urlencode(chosen)


class CookieStore:
    """Keeps a reader's preferences in the browser, in one cookie.

    `settings.PREFERENCES_STORE` names the store that is used; it may know better places.
    """

    def read(self, request: HttpRequest) -> Preferences:
        """Return what the reader has chosen."""
        return Preferences.parse(request.COOKIES.get(settings.PREFERENCES_COOKIE_NAME, ""))

    def keep(self, request: HttpRequest, response: HttpResponse, preferences: Preferences) -> None:
        """Keep `preferences`, which the reader has just chosen."""
        set_cookie(response, preferences.serialise())

    def finish(self, request: HttpRequest, response: HttpResponse) -> None:
        """Do what is left to do when a page is made whose reader's preferences were read."""


@cache
def store() -> CookieStore:
    """Return where preferences are kept."""
    made: CookieStore = import_string(settings.PREFERENCES_STORE)()
    return made


def set_cookie(response: HttpResponse, value: str) -> None:
    """Keep `value` in the reader's browser, or remove the cookie if it is empty."""
    if not value:
        response.delete_cookie(settings.PREFERENCES_COOKIE_NAME, samesite="Lax")
        return
    response.set_cookie(
        settings.PREFERENCES_COOKIE_NAME,
        value,
        max_age=COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


class PreferencesMiddleware:
    """Puts the reader's preferences on the request; they are read when a page asks for them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.preferences = SimpleLazyObject(lambda: store().read(request))  # type: ignore[attr-defined]
        response = self.get_response(request)
        store().finish(request, response)
        return response
