"""What a password here may not be made of, beyond Django's own rules."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

# Somebody who guesses passwords of this site begins with these.
WORDS = {"breast", "cancer", "metastatic", "metastasis", "password", "portal", "waymark"}


class SiteWordsValidator:
    """Refuses a password that is little more than the site's own words."""

    def __init__(self, min_length: int = 8) -> None:
        self.min_length = min_length  # what must be left without those words

    def validate(self, password: str, user: Any = None) -> None:
        names = f"{settings.SITE_NAME} {settings.DISCREET_NAME} {settings.SITE_HOST}"
        own = {word for word in names.lower().replace(".", " ").split() if len(word) > 3}
        rest = password.lower()
        for word in sorted(WORDS | own, key=len, reverse=True):
            rest = rest.replace(word, "")
        if rest != password.lower() and len(rest) < self.min_length:
            raise ValidationError(
                gettext("This password is mostly words of this site. Please choose others."),
                code="password_of_site_words",
            )

    def get_help_text(self) -> str:
        return gettext("It must not be made of the words of this site.")
