"""What an outside clinician fills in under a text."""

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from facts.choices import ClinicalAnswer
from facts.models.review_requests import NAME_LENGTH, NOTE_LENGTH
from facts.plain_text import clean_text


class ClinicalReviewForm(forms.Form):
    """One of three answers, and who gives it."""

    answer = forms.ChoiceField(
        label=_("What do you say to this text?"),
        choices=[
            (ClinicalAnswer.APPROVED, _("I have read it, and I stand by it")),
            (ClinicalAnswer.CHANGE, _("Something in it should change")),
            (ClinicalAnswer.NOT_MINE, _("This is not my field")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the three answers.")},
    )
    # No max_length in the boxes: a browser would cut off what is pasted, without a word.
    name = forms.CharField(
        label=_("Your name"),
        help_text=_("As it is to be printed: Dr. Ada Wells"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Give your name, as it is to be printed.")},
    )
    role = forms.CharField(
        label=_("Your role"),
        help_text=_("As it is to be printed: Consultant nurse, breast oncology"),
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
        error_messages={"required": _("Give your role, as it is to be printed.")},
    )
    note = forms.CharField(
        label=_("Your note"),
        required=False,
        help_text=_(
            "If something should change: what, and why; a source helps. Otherwise only if you "
            "like. Our staff read it; it is never printed."
        ),
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.form_tag = False

    def clean_name(self) -> str:
        return self._one_line("name")

    def clean_role(self) -> str:
        return self._one_line("role")

    def _one_line(self, name: str) -> str:
        """Return what is printed, in one line and without marks that nobody sees."""
        line = " ".join(clean_text(self.cleaned_data[name]).split())
        if not line:
            raise forms.ValidationError(self.fields[name].error_messages["required"], "required")
        _require_length(line, NAME_LENGTH)
        return line

    def clean_note(self) -> str:
        # Browsers send line ends as two characters, but nobody counts them so.
        note = self.cleaned_data["note"].replace("\r\n", "\n")
        _require_length(note, NOTE_LENGTH)
        return note

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        is_change = cleaned.get("answer") == ClinicalAnswer.CHANGE
        if is_change and not cleaned.get("note") and "note" not in self.errors:
            self.add_error("note", _("Say what should be changed."))
        return cleaned

    def typed(self) -> list[dict[str, Any]]:
        """Return what somebody typed, with labels, for a page that cannot take it any more."""
        values = [
            (name, self.fields[name].label, self.data.get(name, ""))
            for name in ("note", "name", "role")
        ]
        return [
            {"name": name, "label": label, "value": value}
            for name, label, value in values
            if value.strip()
        ]


def _require_length(text: str, longest: int) -> None:
    if len(text) > longest:
        raise forms.ValidationError(
            _("This is %(length)d characters long. Please use %(longest)d at most."),
            code="length",
            params={"length": len(text), "longest": longest},
        )
