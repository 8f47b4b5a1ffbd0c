"""What each kind of evidence is, for readers who have met none of these words."""

from django.utils.translation import gettext_lazy as _

from facts.choices import Evidence

MEANINGS = {
    Evidence.GUIDELINE.value: _(
        "A guideline is advice for care teams. A group of experts writes it after weighing the "
        "research."
    ),
    Evidence.SYSTEMATIC_REVIEW.value: _(
        "A review like this gathers all the studies on one question and weighs them together."
    ),
    Evidence.RANDOMISED_TRIAL.value: _(
        "In a randomized trial, chance decides who gets which treatment. So the groups can be "
        "compared fairly."
    ),
    Evidence.REGISTRY_STATISTIC.value: _(
        "A cancer registry counts what happens to everybody with cancer in a place. Its figures "
        "tell about large groups, not about one person."
    ),
    Evidence.COHORT.value: _(
        "Researchers followed a group of people and wrote down what happened. Such a study shows "
        "what goes together, but not always why."
    ),
    Evidence.EXPERT_CONSENSUS.value: _(
        "People who know the field well agree on this. Often there are few studies to go by."
    ),
    Evidence.PATIENT_ORGANISATION.value: _(
        "A patient organization gathered it from people who live with the disease, or wrote it "
        "for them."
    ),
}


def meaning_of(evidence: str) -> str:
    """Return in a sentence or two what the kind `evidence` is, or an empty string."""
    return str(MEANINGS.get(evidence, ""))
