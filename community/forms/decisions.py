"""What a moderator fills in to decide a suggestion: part by part, or all of a new group."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from community.care.suggested import (
    FIELDS,
    MEETS,
    WAYS,
    as_plain,
    fingerprint,
    in_words,
    label,
    values_of,
)
from community.care.suggestion_decisions import with_values
from community.joining_details import take_out_joining_details
from community.models import JoiningDetails, Suggestion, SupportGroup
from facts.differences import Marked, compare_text
from facts.fields import ChoicesField

NOTE_LENGTH = 2000
# Without these there is no listing.
NEEDED = ("name", "description", "run_by", *WAYS, "place")


def _box(name: str, value: Any, *others: Any) -> forms.Field:
    """Return a box for the listing's field `name`, with `value` in it.

    A list with many choices offers those that were named: `value` and `others`.
    """
    field: Any = SupportGroup._meta.get_field(name)
    if isinstance(field, ChoicesField):
        named = {choice for chosen in (value, *others) for choice in chosen or []}
        return forms.MultipleChoiceField(
            label=label(name),
            choices=[choice for choice in field.flatchoices if choice[0] in named],
            widget=forms.CheckboxSelectMultiple,
            required=False,
            initial=value,
        )
    if field.get_internal_type() == "BooleanField":
        return forms.TypedChoiceField(
            label=label(name),
            choices=[("True", _("Yes")), ("False", _("No"))],
            coerce=lambda text: text == "True",
            initial=str(bool(value)),
        )
    options: dict[str, Any] = {"label": label(name), "help_text": ""}
    if value:
        options["initial"] = value  # With one, a list of choices would offer no empty one.
    if isinstance(field, models.URLField):
        options["assume_scheme"] = "https"
    if field.get_internal_type() == "DateField":
        options["widget"] = forms.DateInput({"type": "date"}, "%Y-%m-%d")
    box = field.formfield(**options)
    if isinstance(box.widget, forms.Textarea):
        box.widget.attrs["rows"] = 5
    return box


class DecisionForm(forms.Form):
    """What both kinds have in common: a note for colleagues, and why nothing is taken over."""

    required_css_class = "required"

    note = forms.CharField(
        label=_("Note for colleagues"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("The sender does not get it. Repeat nothing that tells who wrote."),
    )
    reason = forms.ChoiceField(
        label=_("Why not?"),
        choices=Suggestion.Reason.choices,
        required=False,
        widget=forms.RadioSelect,
        help_text=_("If the sender left an address, this reason is what they are told."),
    )

    def __init__(self, suggestion: Suggestion, data: Any = None, *, is_rejecting: bool) -> None:
        super().__init__(data, label_suffix="")
        self.suggestion, self.is_rejecting = suggestion, is_rejecting
        self.add_boxes()
        self.order_fields([*(n for n in self.fields if n not in {"note", "reason"}), "note"])

    def add_boxes(self) -> None:
        """Add a box for each part that can be taken over."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.is_rejecting:
            self.check()
            return cleaned
        # What is wrong in a box that is not used is nothing to put right.
        for name in [name for name in self.errors if name not in {"note", "reason"}]:
            del self.errors[name]
        if not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Say why nothing is taken over."))
        if cleaned.get("reason") == Suggestion.Reason.OTHER and not cleaned.get("note", "").strip():
            self.add_error("note", _("Say in a few words what the other reason is."))
        return cleaned

    def check(self) -> None:
        """Say what is wrong with the listing as it would be."""
        raise NotImplementedError

    def say(self, error: ValidationError) -> None:
        """Put each error beside its box; what has none, with its name, at the top."""
        for name, errors in error.error_dict.items():
            for one in errors if name not in self.errors else []:
                if name in self.fields:
                    self.add_error(name, one)
                elif name == NON_FIELD_ERRORS:
                    self.add_error(None, one)
                else:
                    words = {"field": _name_of(name), "words": " ".join(one.messages)}
                    self.add_error(None, _now("%(field)s: %(words)s") % words)


def _name_of(name: str) -> str:
    """Return what staff call a field of the listing, or `joining_` and one of its details."""
    is_detail = name.startswith("joining_") and name != "joining_policy"
    model = JoiningDetails if is_detail else SupportGroup
    field: Any = model._meta.get_field(name.removeprefix("joining_") if is_detail else name)
    return capfirst(str(field.verbose_name))


class Part:
    """One part of a correction: what the listing said, says, and would say."""

    def __init__(self, form: "CorrectionDecisionForm", name: str, now: Any) -> None:
        change = form.suggestion.changes[name]
        self.name, self.label = name, label(name)
        self.was, self.now = in_words(name, change.get("was")), in_words(name, now)
        self.said = in_words(name, change["new"])
        self.is_changed_since = as_plain(now) != change.get("was")
        self.is_there_already = as_plain(now) == change["new"]
        self.is_by_hand = name == MEETS
        self._form = form

    @property
    def difference(self) -> Marked:
        """What is suggested, with what differs from the listing of now marked."""
        return compare_text(self.now, self.said)

    @property
    def take(self) -> Any:
        """The tick that takes it over."""
        return self._form[f"take_{self.name}"]

    @property
    def box(self) -> Any:
        """The box in which it can be changed before, if it is not put right by hand."""
        return None if self.is_by_hand else self._form[self.name]


class CorrectionDecisionForm(DecisionForm):
    """Takes a correction over as a whole or in part, with changes or without."""

    # The listing as it was on the page.
    basis = forms.CharField(required=False, widget=forms.HiddenInput)

    def add_boxes(self) -> None:
        group: Any = self.suggestion.group
        values = values_of(group)
        changes = self.suggestion.changes
        self.fields["basis"].initial = fingerprint(group, changes)
        names = [name for name in (*FIELDS, MEETS) if name in changes]
        self.parts = [Part(self, name, values[name]) for name in names]
        for part in self.parts:
            change = changes[part.name]
            self._add_tick(part.name, not part.is_changed_since or part.is_there_already)
            if not part.is_by_hand:
                self.fields[part.name] = _box(
                    part.name, change["new"], change.get("was"), values[part.name]
                )
                self.fields[part.name].required = False
                self.fields[part.name].label = _("The listing will say")
        # What staff put right themselves, having read it.
        self.hand_names = [
            name for name in ("words", "joining") if self.suggestion.private(name) != ""
        ]
        for name in self.hand_names:
            self._add_tick(name, True)

    def _add_tick(self, name: str, is_ticked: bool) -> None:
        is_by_hand = name in {MEETS, "joining", "words"}
        self.fields[f"take_{name}"] = forms.BooleanField(
            label=_("I put this right by hand") if is_by_hand else _("Take this over"),
            required=False,
            initial=is_ticked,
        )

    @property
    def by_hand(self) -> list[Any]:
        """The ticks of what is put right by hand, with what the sender wrote."""
        return [
            {"name": name, "take": self[f"take_{name}"], "said": self.suggestion.private(name)}
            for name in self.hand_names
        ]

    def check(self) -> None:
        for part in self.parts:
            is_left = not self.cleaned_data[f"take_{part.name}"]
            if is_left and part.name in self.changed_data:
                words = _("You changed this and did not tick it. Tick it, or change it back.")
                self.add_error(part.name, ValidationError(words, code="left"))
        taken = [name for name in self._all() if self.cleaned_data[f"take_{name}"]]
        if not taken:
            raise ValidationError(
                _(
                    "Nothing is ticked. Tick what you take over; if it is nothing, say below "
                    "why not."
                ),
                code="nothing",
            )
        self.taken = taken
        listing: Any = self.suggestion.group
        group = SupportGroup.objects.get(pk=listing.pk)
        try:
            with_values(group, self.values())
        except ValidationError as error:
            self.say(error)

    def _all(self) -> list[str]:
        return [*(part.name for part in self.parts), *self.hand_names]

    def values(self) -> dict[str, Any]:
        """Return what goes into the listing; what has an error is left out."""
        cleaned = self.cleaned_data
        return {name: cleaned[name] for name in self.taken if name in FIELDS and name in cleaned}

    def taken_by_hand(self) -> list[str]:
        """Return what staff put right themselves. Call it when the form is valid."""
        return [name for name in self.taken if name not in FIELDS]

    @property
    def is_whole(self) -> bool:
        """Whether all of it is taken over. Call it when the form is valid."""
        return len(self.taken) == len(self._all())


class NewGroupDecisionForm(DecisionForm):
    """Makes a listing of what somebody told: the boxes that they filled in, and those needed."""

    DETAILS = ("link", "meeting_number", "passcode", "phone", "door_code", "note")

    def add_boxes(self) -> None:
        said = {name: change["new"] for name, change in self.suggestion.changes.items()}
        self.names = [name for name in FIELDS if name in said or name in NEEDED]
        for name in self.names:
            self.fields[name] = _box(name, said.get(name, ""))
        joining = self.suggestion.private("joining")
        self.detail_names: list[str] = []
        if joining:
            found = take_out_joining_details(joining)
            rest = " ".join(f"{found.text} {found.rest}".split())
            for name in self.DETAILS:
                field: Any = JoiningDetails._meta.get_field(name)
                value = rest[: field.max_length] if name == "note" else getattr(found, name)
                self.detail_names.append(f"joining_{name}")
                options = {"assume_scheme": "https"} if name == "link" else {}
                self.fields[f"joining_{name}"] = field.formfield(
                    initial=value, help_text="", **options
                )

    @property
    def boxes(self) -> list[Any]:
        """The boxes of the listing."""
        return [self[name] for name in self.names]

    @property
    def detail_boxes(self) -> list[Any]:
        """The boxes of the joining details."""
        return [self[name] for name in self.detail_names]

    def check(self) -> None:
        try:
            with_values(SupportGroup(slug="group"), self.values(), self.details())
        except ValidationError as error:
            error.error_dict.pop("slug", None)  # Made anew when it is saved.
            self.say(error)

    def values(self) -> dict[str, Any]:
        """Return what goes into the listing; what has an error is left out."""
        cleaned = self.cleaned_data
        return {name: cleaned[name] for name in self.names if name in cleaned}

    def details(self) -> JoiningDetails | None:
        """Return the ways in; what has an error is left out."""
        if not self.detail_names:
            return None
        cleaned = self.cleaned_data
        return JoiningDetails(**{name: cleaned.get(f"joining_{name}", "") for name in self.DETAILS})
