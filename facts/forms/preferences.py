"""The form of a reader's preferences."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from facts.choices import Sensitivity
from facts.preferences import Preferences, place_zones, time_zone_names


def zone_choices(chosen: str = "") -> list[tuple[str, Any]]:
    """Return the zones of the world's places, grouped by region, in the order of their names.

    `chosen` is among them too if it is an older name of a place.
    """
    older = {chosen} & time_zone_names() if "/" in chosen else set()
    zones = place_zones() | older
    named = sorted((z.split("/")[0], _place(z), z) for z in zones)
    return [
        ("", _("The time of each group's own place")),
        *(
            (region, [(zone, place) for _region, place, zone in places])
            for region, places in groupby(named, key=itemgetter(0))
        ),
    ]


def _place(zone: str) -> str:
    """Return the place that a zone is named after: "Buenos Aires, Argentina"."""
    parts = zone.replace("_", " ").split("/")[1:] or [zone]
    return ", ".join(reversed(parts))


class PreferencesForm(forms.Form):
    """How somebody wants to read."""

    hidden = forms.MultipleChoiceField(
        label=_("Leave out, until I ask for it"),
        choices=[
            (Sensitivity.PROGNOSIS, _("What may happen over time (prognosis)")),
            (Sensitivity.END_OF_LIFE, _("Care near the end of life")),
            (Sensitivity.STATISTICS, _("All other figures, too")),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("You will always see that there is something, and can open it when you like."),
    )
    text_size = forms.ChoiceField(
        label=_("Size of the text"),
        choices=[("", _("Normal")), ("large", _("Large")), ("largest", _("Very large"))],
        widget=forms.RadioSelect,
        required=False,
    )
    spacing = forms.ChoiceField(
        label=_("Space around the words"),
        choices=[
            ("", _("Normal")),
            ("wide", _("Wide: more room between letters, words, lines and paragraphs")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    scheme = forms.ChoiceField(
        label=_("Colors"),
        choices=[
            ("", _("As my device has them")),
            ("light", _("Light: dark text on pale paper")),
            ("dark", _("Dark: pale text on a dark ground")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    zone = forms.ChoiceField(
        label=_("Show the times of meetings in"),
        required=False,
        help_text=_("Choose the city nearest to you that has your time."),
    )
    units = forms.ChoiceField(
        label=_("Distances in"),
        choices=[
            ("", _("Whichever people use in that country")),
            ("miles", _("Miles")),
            ("km", _("Kilometers")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].choices = zone_choices(self._chosen_zone())  # type: ignore[attr-defined]
        self.helper = FormHelper(self)
        self.helper.form_tag = False

    def _chosen_zone(self) -> str:
        return str((self.data if self.is_bound else self.initial).get("zone") or "")

    def preferences(self) -> Preferences:
        """Return what was chosen. Call it when the form is valid."""
        chosen = self.cleaned_data
        return Preferences(
            hidden=frozenset(chosen["hidden"]),
            text_size=chosen["text_size"],
            spacing=chosen["spacing"],
            scheme=chosen["scheme"],
            zone=chosen["zone"],
            units=chosen["units"],
        )


def in_words(preferences: Preferences) -> str:
    """Return how somebody reads, in the words with which the form asks for it."""
    form = PreferencesForm(initial={"zone": preferences.zone})
    told = []
    for name, field in form.fields.items():
        chosen = getattr(preferences, name)
        chosen = chosen if isinstance(chosen, frozenset) else {chosen}
        labels = [str(label) for value, label in _flat(field.choices) if value in chosen]  # type: ignore[attr-defined]
        told.append(f"{field.label}: {', '.join(labels) or gettext('nothing')}")
    return "; ".join(told)


def _flat(choices: Any) -> Iterator[tuple[str, Any]]:
    """Yield the choices of a field, also those that stand in groups."""
    for value, label in choices:
        if isinstance(label, list):
            yield from label
        else:
            yield str(value), label
