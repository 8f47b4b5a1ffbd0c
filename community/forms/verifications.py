"""What an organizer answers to a mail: one of five, and until when there is a break."""

from datetime import timedelta
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from community.models import Verification

Answer = Verification.Answer
LONGEST_PAUSE = timedelta(days=2 * 366)


class VerificationForm(forms.Form):
    """One of five answers. It asks for nothing of whoever gives it."""

    answer = forms.ChoiceField(
        label=_("Is all of it still right?"),
        choices=[
            (Answer.RIGHT, _("Yes, all of it is still right")),
            (Answer.CHANGE, _("No, I want to change something (on the next page)")),
            (Answer.PAUSED, _("It is right, but there is a break")),
            (Answer.ENDED, _("The group has ended")),
            (Answer.NOT_MINE, _("This is not my group, or I want no more of these mails")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the five answers.")},
    )
    paused_until = forms.DateField(
        label=_("If there is a break: until which day?"),
        help_text=_("The last day without a meeting. Leave it empty if nobody knows yet."),
        required=False,
        widget=forms.DateInput({"type": "date", "autocomplete": "off"}, "%Y-%m-%d"),
        error_messages={"invalid": _("This is no day. One looks like 2027-01-31.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.form_tag = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        until, answer = cleaned.get("paused_until"), cleaned.get("answer")
        if until is None or answer is None:
            return cleaned
        today = timezone.localdate()
        if answer != Answer.PAUSED:
            self.add_error(
                "paused_until",
                _("This day is for a break. Choose “there is a break” above, or empty it."),
            )
        elif until < today:
            self.add_error("paused_until", _("This day is over. Give today or a later one."))
        elif until > today + LONGEST_PAUSE:
            self.add_error(
                "paused_until",
                _("This is more than two years away. Leave it empty if nobody knows yet."),
            )
        return cleaned

    def typed(self) -> list[dict[str, Any]]:
        """Return what somebody typed, with its label, for a page that cannot take it any more."""
        value = self.data.get("paused_until", "").strip()
        label = self.fields["paused_until"].label
        return [{"name": "paused_until", "label": label, "value": value}] if value else []
