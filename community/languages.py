"""The languages that a group or a service may speak or sign."""

from django.utils.translation import get_language_info
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

# ISO 639-1 codes; the names are those that the speakers use.
LANGUAGE_CHOICES = [
    ("en", "English"),
    ("es", "Español"),
    ("ar", "العربية"),
    ("bn", "বাংলা"),
    ("cs", "Čeština"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("el", "Ελληνικά"),
    ("fa", "فارسی"),
    ("fi", "Suomi"),
    ("fr", "Français"),
    ("he", "עברית"),
    ("hi", "हिन्दी"),
    ("hu", "Magyar"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("nl", "Nederlands"),
    ("no", "Norsk"),
    ("pa", "ਪੰਜਾਬੀ"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ro", "Română"),
    ("ru", "Русский"),
    ("sv", "Svenska"),
    ("tl", "Tagalog"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
    ("ur", "اردو"),
    ("vi", "Tiếng Việt"),
    ("cy", "Cymraeg"),
    ("zh", "中文"),
]
# ISO 639-3 codes, by their English names: few of them are written by those who sign them.
SIGN_LANGUAGE_CHOICES = [
    ("ase", _("American Sign Language")),
    ("asf", _("Auslan (Australia)")),
    ("bzs", _("Brazilian Sign Language")),
    ("bfi", _("British Sign Language")),
    ("csl", _("Chinese Sign Language")),
    ("dse", _("Dutch Sign Language")),
    ("vgt", _("Flemish Sign Language")),
    ("fsl", _("French Sign Language")),
    ("gsg", _("German Sign Language")),
    ("ins", _("Indian Sign Language")),
    ("ils", _("International Sign")),
    ("isg", _("Irish Sign Language")),
    ("isr", _("Israeli Sign Language")),
    ("ise", _("Italian Sign Language")),
    ("jsl", _("Japanese Sign Language")),
    ("mfs", _("Mexican Sign Language")),
    ("nzs", _("New Zealand Sign Language")),
    ("fcs", _("Quebec Sign Language")),
    ("rsl", _("Russian Sign Language")),
    ("sfs", _("South African Sign Language")),
    ("ssp", _("Spanish Sign Language")),
    ("swl", _("Swedish Sign Language")),
    ("tsm", _("Turkish Sign Language")),
]


def language_in_words(code: str) -> str:
    """Return the name of a language, spoken or signed, in the language that is active."""
    # Django knows no plain Chinese, no Tagalog and no language that is signed.
    others = {"tl": _now("Tagalog"), "zh": _now("Chinese"), **dict(SIGN_LANGUAGE_CHOICES)}
    return str(others.get(code) or get_language_info(code)["name_translated"])
