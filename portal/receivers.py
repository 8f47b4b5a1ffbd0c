"""Where the portal listens: what the apps change, it indexes and forgets the stored copy of."""

from collections.abc import Hashable
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import transaction
from django.db.models.signals import post_migrate

from community.models import SupportGroup
from community.signals import member_deleted, public_state_asked
from community.signals import public_content_changed as community_changed
from facts.models import Fact, Question, Topic
from facts.signals import public_content_changed as facts_changed
from portal import traces
from portal.models import ChangedAddress, SearchEntry, SearchWord
from portal.pages import store
from portal.pages.tables import make_triggers
from portal.search import index


def _public_content_changed(instance: Any, **kwargs: Any) -> None:
    index.update(instance)
    ChangedAddress.objects.create(address=_address_of(instance))
    transaction.on_commit(store.forget_all)


def _address_of(instance: Any) -> str:
    """Return the address below which readers see `instance`; "" if it may be anywhere."""
    if isinstance(instance, Fact):
        return instance.topic.get_absolute_url()
    if isinstance(instance, Topic | SupportGroup):
        return instance.get_absolute_url()
    return ""


def _public_state_asked(**kwargs: Any) -> Hashable | None:
    return store.watch.state()


def _make_triggers(using: str, **kwargs: Any) -> None:
    make_triggers(using)


def _make_cache_table(using: str, **kwargs: Any) -> None:
    call_command("createcachetable", database=using, verbosity=0)


def complete_index(**kwargs: Any) -> None:
    """Add to an index that is older what it did not know of when it was written."""
    if not SearchWord.objects.exists():
        index.learn_all()
    if not SearchEntry.objects.filter(kind="question").exists():
        index.add(list(Question.objects.all()))


def connect() -> None:
    """Connect the receivers; `dispatch_uid` keeps a second call from doubling them."""
    for signal in (facts_changed, community_changed):
        signal.connect(_public_content_changed, dispatch_uid="portal_public_content_changed")
    member_deleted.connect(traces.member_deleted, dispatch_uid="portal_member_deleted")
    public_state_asked.connect(_public_state_asked, dispatch_uid="portal_public_state_asked")
    # Every table is there by then, and once is enough.
    portal = apps.get_app_config("portal")
    post_migrate.connect(_make_triggers, sender=portal, dispatch_uid="portal_triggers")
    post_migrate.connect(_make_cache_table, sender=portal, dispatch_uid="portal_cache_table")
    post_migrate.connect(complete_index, sender=portal, dispatch_uid="words")
