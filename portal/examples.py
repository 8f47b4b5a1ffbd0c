"""Examples have no place on a portal that others can read, whatever its database was before."""

from django.conf import settings
from django.db import transaction

from community.models import SupportGroup
from facts.models import Fact, Topic
from portal.pages import store
from portal.search import index


@transaction.atomic
def hide_examples() -> bool:
    """Take example topics off the site, and all examples out of search; return whether any was.

    Nothing is done on this machine alone, where examples are at home. Example groups are in no
    list elsewhere (SupportGroupQuerySet.published).
    """
    if settings.IS_LOCAL:
        return False
    topics = Topic.objects.filter(is_example=True)
    hidden = topics.filter(published_at__isnull=False).update(published_at=None)
    gone = index.forget(Topic, topics) + index.forget(SupportGroup, SupportGroup.objects.examples())
    gone += index.forget(Fact, Fact.objects.filter(topic__in=topics))
    if hidden or gone:
        transaction.on_commit(store.forget_all)
    return bool(hidden or gone)
