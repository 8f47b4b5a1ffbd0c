"""The form of a member's calendar address."""

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from community.models import CalendarFeed


class CalendarFeedForm(forms.ModelForm):
    """What the calendar may say."""

    class Meta:
        model = CalendarFeed
        fields = ["is_neutral", "holds_ways_in"]
        labels = {
            "is_neutral": _("Call each of them “Meeting”, and nothing else"),
            "holds_ways_in": _("Put in how to join, where the group lets members know"),
        }
        help_texts = {
            "is_neutral": _("Others may see your calendar, on a screen or over your shoulder."),
            "holds_ways_in": _("Whoever opens your calendar can then read links and passcodes."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper(self)
        self.helper.form_tag = False
