"""Forms of files that lists come out of, and go into."""

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from community.keeping.imports import MOST_BYTES, NotOurs, ReadList, read


class ListImportForm(forms.Form):
    """A file with lists; `lists` are those that it holds."""

    file = forms.FileField(
        label=_("The file"),
        help_text=_("A file that ends in .json, from “Take it along” or from “My data”."),
        widget=forms.FileInput,
        error_messages={
            "required": _("Choose a file first."),
            "missing": _("Choose a file first."),
            "empty": _("The file is empty."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lists: list[ReadList] = []
        self.helper = FormHelper(self)
        self.helper.form_tag = False

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(_("The file is too large. 8 MB is the most."), "too_large")
        try:
            self.lists = read(file.read())
        except NotOurs as error:
            raise ValidationError(str(error), "not_ours") from None
        return file
