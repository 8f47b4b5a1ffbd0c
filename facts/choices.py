"""The closed lists of the domain, in the words that readers see."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Sensitivity(models.TextChoices):
    """What a passage may stir up; decides what gentle reading leaves out."""

    NONE = "none", _("Nothing sensitive")
    STATISTICS = "statistics", _("Statistics")
    PROGNOSIS = "prognosis", _("Prognosis")
    END_OF_LIFE = "end-of-life", _("End of life")


class Audience(models.TextChoices):
    """Whom a fact is written for in particular; no audience means everybody."""

    NEWLY_DIAGNOSED = "newly-diagnosed", _("Newly diagnosed")
    LIVING_LONG_TERM = "living-long-term", _("Living with it long-term")
    DE_NOVO = "de-novo", _("Metastatic from the start")
    MEN = "men", _("Men")
    YOUNG_ADULTS = "young-adults", _("Young adults")
    FAMILY_CARER = "family-carer", _("Family and caregivers")


class Evidence(models.TextChoices):
    """The kind of evidence behind a fact."""

    GUIDELINE = "guideline", _("Guideline")
    SYSTEMATIC_REVIEW = "systematic-review", _("Review of many studies")
    RANDOMISED_TRIAL = "randomised-trial", _("Randomized trial")
    REGISTRY_STATISTIC = "registry-statistic", _("Figures from a cancer registry")
    COHORT = "cohort", _("Study that followed people over time")
    EXPERT_CONSENSUS = "expert-consensus", _("Agreement among experts")
    PATIENT_ORGANISATION = "patient-organisation", _("Report of a patient organization")


class SourceKind(models.TextChoices):
    """What sort of publication a source is."""

    GUIDELINE = "guideline", _("Guideline")
    SYSTEMATIC_REVIEW = "systematic-review", _("Review of many studies")
    TRIAL = "trial", _("Trial")
    REGISTRY = "registry", _("Figures from a registry")
    STUDY = "study", _("Other study")
    REVIEW = "review", _("Overview by experts")
    ORGANISATION = "organisation", _("Page of a charity or public body")
    NEWS = "news", _("News report")
    OTHER = "other", _("Other")


class SourceFlag(models.TextChoices):
    """Why a source can no longer be leaned on without a look."""

    RETRACTED = "retracted", _("Retracted")
    SUPERSEDED = "superseded", _("Replaced by a newer one")
    DOUBTED = "doubted", _("In doubt")


class Status(models.TextChoices):
    """How far a version has come; live, scheduled and superseded are computed, never stored."""

    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in-review", _("In review")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class ChangeKind(models.TextChoices):
    """What a new version changes for somebody who has read the one before."""

    WORDING = "wording", _("Wording: it says the same in better words")
    MEANING = "meaning", _("Meaning: it says something else than before")
    SAFETY = "safety", _("Safety: a reader must know this now")


class Origin(models.TextChoices):
    """Where a version's text comes from."""

    STAFF = "staff", _("Written here")
    STARTER_LIBRARY = "starter library", _("Starter library")
    EXAMPLE = "example", _("Example, not a real text")


class ClinicalAnswer(models.TextChoices):
    """What a clinician outside the house says of a text, in the words of staff."""

    APPROVED = "approved", _("Approved")
    CHANGE = "change", _("Change wanted")
    NOT_MINE = "not-mine", _("Not their field")


class RequestState(models.TextChoices):
    """Where a question to a clinician stands; computed, never stored."""

    WAITING = "waiting", _("Waiting for an answer")
    ANSWERED = "answered", _("Answered")
    REVOKED = "revoked", _("Taken back")
    EXPIRED = "expired", _("Expired without an answer")
    CHANGED = "changed", _("Closed, the text was changed")
    DECIDED = "decided", _("Closed, the version was decided")


class RiskClass(models.TextChoices):
    """How soon a topic's facts grow old; sets the next review's day."""

    TREATMENT = "treatment", _("Treatment: review after 9 months")
    STATISTICS = "statistics", _("Statistics: review after 12 months")
    PRACTICAL = "practical", _("Practical matters: review after 24 months")
    GENERAL = "general", _("General: review after 36 months")

    @property
    def months(self) -> int:
        """Months until the next review."""
        return {"treatment": 9, "statistics": 12, "practical": 24, "general": 36}[self.value]


class QuestionTheme(models.TextChoices):
    """The headings under which questions to the care team stand."""

    ABOUT_THE_CANCER = "about-the-cancer", _("About the cancer")
    ABOUT_TREATMENT = "about-treatment", _("About treatment")
    ABOUT_DAILY_LIFE = "about-daily-life", _("About daily life")
    ABOUT_TRIALS = "about-trials", _("About trials")
    ABOUT_THE_FUTURE = "about-the-future", _("About the future")
    ABOUT_SUPPORT = "about-support", _("About support")
