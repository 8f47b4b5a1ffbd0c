"""Turns saved and deleted rows into `public_content_changed`.

Connected once, so that no save path (admin, command, shell) can forget to tell.
"""

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from facts.models import (
    Citation,
    Fact,
    FactVersion,
    GlossaryTerm,
    Page,
    Question,
    Review,
    Source,
    Topic,
)
from facts.signals import public_content_changed


def _changed(instance: Any, **kwargs: Any) -> None:
    public_content_changed.send(sender=type(instance), instance=instance)


def _fact_changed(instance: Any, **kwargs: Any) -> None:
    public_content_changed.send(sender=Fact, instance=instance.fact)


def _version_of_fact_changed(instance: Any, **kwargs: Any) -> None:
    public_content_changed.send(sender=Fact, instance=instance.version.fact)


def _source_changed(instance: Any, **kwargs: Any) -> None:
    """Tell every fact whose readers see this source now; others show it when they are live."""
    live = FactVersion.objects.live(timezone.now()).filter(citations__source=instance)
    for fact in Fact.objects.filter(pk__in=live.values("fact")).select_related("topic"):
        public_content_changed.send(sender=Fact, instance=fact)


def connect() -> None:
    """Connect the receivers; `dispatch_uid` keeps a second call from doubling them."""
    for signal in (post_save, post_delete):
        for model in (Topic, Fact, GlossaryTerm, Question, Page):
            signal.connect(_changed, sender=model, dispatch_uid="facts_changed")
        signal.connect(_fact_changed, sender=FactVersion, dispatch_uid="facts_version_changed")
        for part in (Citation, Review):
            signal.connect(
                _version_of_fact_changed, sender=part, dispatch_uid="facts_version_part_changed"
            )
    post_save.connect(_source_changed, sender=Source, dispatch_uid="facts_source_changed")
