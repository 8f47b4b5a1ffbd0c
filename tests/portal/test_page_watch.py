"""Whether the portal notices every change of what readers see, by whatever way it comes."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from community.finding import kept
from community.finding.criteria import Criteria
from community.finding.search import Reader, Search
from facts.models import Topic
from portal.jobs import forget_public_changes
from portal.models import ChangedAddress, PublicChange
from portal.pages import store
from portal.pages.tables import PUBLIC_MODELS, make_triggers, public_tables
from portal.pages.watch import Watch
from tests.factories import (
    FactFactory,
    MeetingFactory,
    QuestionFactory,
    SavedItemFactory,
    SourceFactory,
    SupportGroupFactory,
    TopicFactory,
    make_live,
)

# Nothing of these is on a page that is the same for all.
NOT_PUBLIC = {
    "facts": {"Event", "Link", "Report", "ReviewRequest"},
    "community": {
        "AppointmentSheet", "CalendarFeed", "ChangeNotice", "Consent", "DataExport", "Event",
        "ImportPreview", "ImportedListing", "ListImport", "Member", "ReadingList", "SavedItem",
        "SharedList", "SharedNote", "SheetQuestion", "Suggestion", "Verification",
    },
}  # fmt: skip


def marks():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), sum(number) FROM portal_publicchange")
        return cursor.fetchone()


@pytest.mark.parametrize("app", ["facts", "community"])
def test_every_table_is_declared(app):
    models = {model.__name__ for model in apps.get_app_config(app).get_models()}
    public = {name.partition(".")[2] for name in PUBLIC_MODELS if name.startswith(app)}
    ours = {name for name in models if not name.startswith("Historical")}

    assert not public & NOT_PUBLIC[app]
    assert ours == public | NOT_PUBLIC[app]


@pytest.mark.parametrize("table", public_tables())
def test_each_public_table_tells_of_deletion(db, table):
    before = marks()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            found = {name for (name,) in cursor.fetchall()}
            steps = {f"portal_public_change_{table}_{s}" for s in ("insert", "update", "delete")}
            assert steps <= found
        else:
            cursor.execute(f'DELETE FROM "{table}" WHERE 1 = 0')
            assert marks() != before


@pytest.mark.parametrize(
    "change",
    [
        lambda: TopicFactory(),
        lambda: Topic.objects.bulk_create([TopicFactory.build()]),
        lambda: Topic.objects.update(summary="New words."),
        lambda: Topic.objects.all()._raw_delete("default"),
        lambda: QuestionFactory().facts.set([]),
        lambda: SourceFactory(),
        lambda: make_live(FactFactory()),
        lambda: MeetingFactory(),
        lambda: SupportGroupFactory().delete(),
    ],
)
def test_every_way_of_changing_leaves_a_mark(db, change):
    TopicFactory()
    before = marks()

    change()

    assert marks() != before


def test_what_members_keep_leaves_none(db):
    item = SavedItemFactory()
    before = marks()

    item.write_note("Ask about this.", 0)
    item.remove(with_note=1)

    assert marks() == before


def test_triggers_that_a_migration_dropped_are_made_again(db):
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER portal_public_change_facts_topic_insert")
        else:
            cursor.execute("DROP TRIGGER portal_public_change ON facts_topic")
    before = marks()
    Topic.objects.bulk_create([TopicFactory.build()])
    assert marks() == before

    make_triggers("default")
    Topic.objects.bulk_create([TopicFactory.build()])

    assert marks() != before


def test_old_marks_are_forgotten(db):
    now = timezone.now()
    TopicFactory()
    PublicChange.objects.update(made_at=now - timedelta(days=2))
    ChangedAddress.objects.update(changed_at=now - timedelta(days=3))

    forget_public_changes(now)
    between = marks()
    TopicFactory()

    assert ChangedAddress.objects.count() == 1
    assert marks() != between
    assert PublicChange.objects.count() <= (1 if connection.vendor == "sqlite" else 20)


@pytest.mark.django_db(transaction=True)
class TestWatch:
    @pytest.fixture
    def watch(self):
        watch = Watch()
        yield watch
        watch._close()

    def test_number_is_another_after_a_change_and_the_same_without(self, watch):
        watch.look_now()
        first = watch.number
        watch.look_now()
        assert watch.number == first

        topic = TopicFactory()
        watch.look_now()

        assert watch.number != first
        assert topic.get_absolute_url() in [address for address, _at in watch.touched]

    def test_it_looks_again_only_after_a_while(self, watch, monkeypatch):
        watch.look()
        first = watch.number
        TopicFactory()
        monkeypatch.setattr(watch, "_next_look", time.monotonic() + 100)
        watch.look()
        assert watch.number == first

        watch.look_soon()
        watch.look()

        assert watch.number != first

    def test_pages_hold_until_the_next_full_minute(self, watch):
        watch.look_now()

        now = time.time()
        assert now < watch.until <= now + 60
        assert watch.until % 60 == 0

    def test_pages_hold_until_a_text_begins(self, watch):
        soon = timezone.now() + timedelta(seconds=0.7)
        TopicFactory(published_at=soon)

        watch.look_now()

        assert watch.until <= soon.timestamp() + 0.001

    def test_old_copies_hold_until_a_text_ends(self, watch):
        end = datetime.now(UTC) + timedelta(hours=3)
        version = make_live(FactFactory())
        type(version).objects.filter(pk=version.pk).update(live_until=end)

        watch.look_now()

        assert watch.texts_until == pytest.approx(end.timestamp(), abs=0.01)

    def test_no_number_without_a_database(self, watch, monkeypatch):
        watch.look_now()
        monkeypatch.setattr(watch, "_ask", lambda: (_ for _ in ()).throw(OSError()))

        watch.look_now()

        assert watch.number is None

    def test_state_is_not_known_before_anybody_looked(self, watch):
        assert watch.state() is None

    def test_state_is_another_after_a_change_and_at_the_next_minute(self, watch, monkeypatch):
        watch.look_now()
        first = watch.state()
        assert first is not None

        TopicFactory()
        watch.look_soon()
        second = watch.state()
        monkeypatch.setattr(watch, "_next_look", time.monotonic() + 100)
        monkeypatch.setattr(watch, "until", time.time() - 1)

        assert second not in {None, first}
        assert watch.state() is None

    def test_numbers_of_the_directory_are_kept_until_a_group_changes(
        self, watch, monkeypatch, django_assert_num_queries
    ):
        monkeypatch.setattr(store, "watch", watch)
        monkeypatch.setattr(kept, "_kept", {})
        group = SupportGroupFactory()
        watch.look_now()
        monkeypatch.setattr(watch, "until", time.time() + 100)

        def total():
            return Search(Criteria(), None, Reader(), timezone.now()).tally.total

        assert total() == 1
        monkeypatch.setattr(watch, "_next_look", time.monotonic() + 100)
        with django_assert_num_queries(0):
            assert total() == 1
        with transaction.atomic():
            type(group).objects.all().delete()
            assert total() == 0
            transaction.set_rollback(True)
        assert total() == 1
        type(group).objects.filter(pk=group.pk).update(published_at=None)
        watch.look_soon()

        assert total() == 0
