"""How much processor time a page of a list of 1,000 items takes, and the search through it.

Usage: .venv/bin/python bench/list_page.py [ITEMS]

It makes a portal of its own in a temporary folder (or on DATABASE_URL, which has to name an empty
database) and asks for the pages as a member's browser would, in one process. Each figure is the
median of 30 requests, the least of them, and how many queries one asks. Every third item has a note
of 60 words. At the end a fact, a topic and a group of the first page have changed.
"""

import statistics
import sys
import tempfile
import time

from l7_export import prepare

MILLISECONDS = 7.0  # of work, for a page
NOTE = "A question for the next visit. " * 10


def fill(count):
    """Return a list with so many items: of topics, facts and groups in turn."""
    from django.db import transaction
    from django.utils import timezone

    from community.models import Member, ReadingList, SavedItem, SupportGroup
    from facts.models import Topic
    from tests.factories import FactFactory, SupportGroupFactory, TopicFactory, make_live

    now = timezone.now()
    with transaction.atomic():
        topics = Topic.objects.bulk_create(TopicFactory.build_batch(count // 3))
        groups = SupportGroup.objects.bulk_create(SupportGroupFactory.build_batch(count // 3))
        facts = [FactFactory(topic=topics[n % 100]) for n in range(count - 2 * (count // 3))]
        for fact in facts:
            make_live(fact)
        member = Member.objects.create_user("list@example.org")
        reading_list = ReadingList.objects.create(member=member, title="Mine", is_default=True)
        things = [each for three in zip(topics, facts, groups, strict=False) for each in three]
        reading_list.add_all([*things, *facts[len(topics) :]])
        for item in reading_list.saved_items.all()[::3]:
            item.note = NOTE
            item.read_at = now
            item.save()
        assert SavedItem.objects.count() == count
    return reading_list


def work(ask, times=30):
    """Return the median and the least of the milliseconds of work that `ask` takes."""
    took = []
    for _time in range(times):
        began = time.process_time()
        ask()
        took.append((time.process_time() - began) * 1000)
    return statistics.median(took), min(took)


def queries(ask):
    """Return how many queries `ask` sends, beginnings and ends of transactions not counted."""
    from django.core.signals import request_started
    from django.db import connection, reset_queries

    request_started.disconnect(reset_queries)
    reset_queries()
    connection.force_debug_cursor = True
    ask()
    connection.force_debug_cursor = False
    return sum(query["sql"].startswith("SELECT") for query in connection.queries_log)


def change(reading_list):
    """Let a fact, a topic and a group change that are on the first page of the list."""
    from django.utils import timezone

    from tests.factories import FactFactory, make_live

    items = reading_list.saved_items
    topic, fact, group = (items.of_kind(kind).first() for kind in ("topic", "fact", "group"))
    make_live(FactFactory(topic=topic.topic))
    fact.fact.versions.update(live_until=timezone.now())
    make_live(fact.fact, number=2, change_kind="meaning", change_note="It is another figure now.")
    group.group.place = "The library"
    group.group.save()


def bare():
    """Work that is the same everywhere, to compare machines by."""
    return sum(number * number for number in range(100_000))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with tempfile.TemporaryDirectory(prefix="waymark-list-") as folder:
        prepare(folder)
        from django.conf import settings

        # Nobody signs in by a password here, and to make thousands would take minutes.
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        reading_list = fill(count)
        import logging

        from tests.portal.p3_steps import signed_in

        logging.disable(logging.CRITICAL)

        browser = signed_in(reading_list.member)
        page = f"/lists/{reading_list.pk}/"
        item = reading_list.saved_items.all()[count // 2]
        move = f"{page}items/{item.pk}/move/"
        asked = {
            "first page": lambda: browser.get(page),
            "last page": lambda: browser.get(page, {"page": "last"}),
            "topics alone": lambda: browser.get(page, {"show": "topics"}),
            "a move": lambda: browser.post(move, {"direction": "up"}),
            "a move to the top": lambda: browser.post(move, {"direction": "top"}),
            "search, all hits": lambda: browser.post("/lists/search/", {"words": "question"}),
            "search, no hit": lambda: browser.post("/lists/search/", {"words": "xyzzy"}),
        }
        first = reading_list.saved_items.first()
        other_pages = {
            "all lists": "/lists/",
            "save a topic": f"/lists/save/?topic={first.topic.slug}",
            "move to another list": f"{page}items/{first.pk}/to-list/",
            "what changed in a topic": f"{page}items/{first.pk}/changes/",
            "sheet, what goes on it": f"{page}sheet/choose/",
            "share": f"{page}share/",
            "account": "/account/",
            "copy of one's data": "/account/export/",
        }
        asked |= {
            name: lambda address=address: browser.get(address)
            for name, address in other_pages.items()
        }
        show(asked)
        took, least = work(asked["first page"])
        change(reading_list)
        show(
            {"first page, three changed": asked["first page"], "all lists, too": asked["all lists"]}
        )
        print(f"100,000 squares, to compare with: {work(bare)[0]:.1f} ms")
        print(
            f"Page of {count} items: {took:.1f} ms, the least {least:.1f}, "
            f"at most {MILLISECONDS:g} asked for."
        )


def show(asked):
    """Print a row for each of `asked`."""
    for name, ask in asked.items():
        answer = ask()  # The first reads templates and plans in.
        assert answer.status_code in {200, 302}, f"{name}: {answer.status_code}"
        median, least = work(ask)
        print(f"| {name} | {median:.1f} | {least:.1f} | {queries(ask)} |")


if __name__ == "__main__":
    main()
