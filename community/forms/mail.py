"""The form of what mail a member gets, and in which language."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from community.forms.accounts import PartOfMemberForm
from community.models import Member


class MailForm(PartOfMemberForm):
    """Which mail a member wants."""

    language = forms.ChoiceField(
        label=_("Write to me in"),
        help_text=_("Pages have their language from their address."),
        required=False,
    )

    class Meta:
        model = Member
        fields = ["mail_about_changes", "language"]
        widgets = {"mail_about_changes": forms.RadioSelect}
        labels = {"mail_about_changes": _("Mail about what you saved")}
        help_texts = {
            "mail_about_changes": _(
                "The mail does not name what has changed, and its subject says nothing. You read "
                "it here, after you have signed in."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages = [(code, str(name)) for code, name in settings.LANGUAGES]
        if len(languages) < 2:
            del self.fields["language"]
            return
        choices = [("", _("The language of the page that I was on")), *languages]
        self.fields["language"].choices = choices  # type: ignore[attr-defined]
