"""Where a group is: staff type a town or a code, and the two numbers come from our own table."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from community.models import Place
from community.places.search import parse_near


class PlaceInput(forms.TextInput):
    """A text, and under it the places to choose from where it may mean several."""

    candidates: list[Place] = []

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        """Return what was typed, and the key of the place that was chosen."""
        return [data.get(name, ""), data.get(f"{name}_choice", "")]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        text, chosen = value or ["", ""]
        field = super().render(name, text, attrs, renderer)
        if not self.candidates:
            return field
        choices = format_html_join(
            "",
            '<div><label><input type="radio" name="{}_choice" value="{}"{}> {}</label></div>',
            (
                (name, place.key, SafeString(" checked") if place.key == chosen else "", place)
                for place in self.candidates
            ),
        )
        return format_html(
            '{}<fieldset class="place-choices"><legend>{}</legend>'
            '<div id="id_{}_choices">{}</div></fieldset>',
            field,
            _now("Which one is it?"),
            name,
            choices,
        )


class PlaceField(forms.Field):
    """A town, ZIP code or UK postcode; its value is a `Place`, or None if nothing is typed.

    A name of several places is an error, with the places to choose from.
    """

    widget = PlaceInput

    def clean(self, value: Any) -> Place | None:
        text, chosen = value[0].strip(), value[1]
        if not text:
            return None
        meant = parse_near(text)
        candidates = [place for place in (meant.place, *meant.others) if place]
        for place in candidates:
            if chosen and place.key == chosen:
                return place
        if meant.is_postcode_unknown:
            raise ValidationError(
                _("UK postcodes are not known here yet. A town works."), "no_postcodes"
            )
        if not candidates or candidates[0].is_here:
            raise ValidationError(
                _("No place is known by this name. Try the nearest town, or a postcode."), "unknown"
            )
        if meant.place is None:
            self.widget.candidates = candidates  # type: ignore[attr-defined]
            raise ValidationError(
                _("Several places are called so. Choose one of them below."), "ambiguous"
            )
        return meant.place

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data and data[0].strip())


class WhereForm(forms.ModelForm):
    """A form of a listing in which a place fills in `latitude`, `longitude` and `country`."""

    where = PlaceField(
        label=_("Town or postcode"),
        required=False,
        help_text=_(
            "For readers who look for groups near them: Leeds; Birmingham, Alabama; 60601. It "
            "replaces the two numbers below by those of its middle, which is near enough. The "
            "name itself is not kept."
        ),
    )

    def clean(self) -> dict[str, Any] | None:
        """Put the coordinates of the place into the fields that are kept."""
        cleaned = super().clean() or self.cleaned_data
        place = cleaned.get("where")
        if place is not None:
            cleaned |= {"latitude": place.latitude, "longitude": place.longitude}
            cleaned["country"] = cleaned.get("country") or place.country
            for name in ("latitude", "longitude"):
                self.errors.pop(name, None)  # What was typed there is gone.
        return cleaned


class WhereAdmin(admin.ModelAdmin):
    """Tells, after a listing was saved, which place it is near, or that it is near none."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and say what readers who look near them will find."""
        super().save_model(request, obj, form, change)
        place = form.cleaned_data.get("where")
        if place is not None:
            words = _now("Readers find the group near %(place)s.") % {"place": place}
            self.message_user(request, words, messages.INFO)
        elif obj.is_in_person and obj.latitude is None:
            words = _now(
                "Readers who look for groups near them do not find this one: give its town or "
                "postcode under “Where on the map”."
            )
            self.message_user(request, words, messages.WARNING)
