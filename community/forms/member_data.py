"""Forms of the member's own data."""

from django import forms
from django.utils.translation import gettext_lazy as _

from community.models import DataExport


class DataExportForm(forms.Form):
    """In which shape a member takes a copy away."""

    shape = forms.ChoiceField(
        label=_("How would you like it?"),
        choices=[
            (DataExport.Shape.PAGES, _("As a page to read: opens in every browser, prints well")),
            (DataExport.Shape.DATA, _("As data (JSON): for another program")),
        ],
        initial=DataExport.Shape.PAGES,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Please choose one of the two."),
            "invalid_choice": _("Please choose one of the two."),
        },
    )
