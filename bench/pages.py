"""The kinds of pages that benches open, and who opens them, in the portal of a `Place`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """Pages of one kind: their addresses, and the session of who opens them, "" for a visitor.

    `queries` is what each may ask of the database at most; None where nobody has set a limit.
    """

    paths: list[str]
    session: str = ""
    queries: int | None = None


def kinds(place):
    """Make who and what is needed, and return the kinds by their names."""
    place.set_up_django()
    from django.test import Client
    from django.utils import timezone

    from community.models import ReadingList, SupportGroup
    from facts.models import Fact, Topic
    from tests.factories import (
        AppointmentSheetFactory,
        MeetingFactory,
        MemberFactory,
        SheetQuestionFactory,
        make_staff,
    )

    topic = Topic.objects.filter(facts__isnull=False).first()
    fact = topic.facts.first() or Fact.objects.first()
    groups = SupportGroup.objects.published(timezone.now())
    # An example is kept from search engines, and is thus no page like others.
    ours = groups.filter(meetings__isnull=False, is_example=False)
    group = ours.first() or MeetingFactory().group
    member, editor = MemberFactory(), make_staff("Editor")
    reading_list = ReadingList.objects.create(member=member, title="Mine", is_default=True)
    for thing in (topic, fact, group):
        reading_list.add(thing)
    AppointmentSheetFactory(reading_list=reading_list)
    SheetQuestionFactory(reading_list=reading_list)

    def session(person):
        browser = Client(SERVER_NAME="localhost")
        browser.force_login(person)
        return browser.cookies["session"].value

    own, page, mine = session(member), group.get_absolute_url(), f"/lists/{reading_list.pk}/"
    return {
        "public pages": Kind(
            ["/", "/facts/", topic.get_absolute_url(), fact.get_absolute_url(), "/groups/", page,
             "/glossary/", "/questions/", "/help/", "/new/", "/sitemap.xml", "/feeds/facts.atom"],
            queries=6,
        ),
        "search with a slip, place": Kind(["/search/?q=metastasys", "/groups/?place=London"]),
        "calendar file": Kind([f"{page}calendar.ics"], queries=6),
        "a member's pages": Kind(["/lists/", mine, f"{mine}sheet/", "/account/"], own, queries=10),
        "a list as files, a sheet as PDF": Kind(
            [f"{mine}list.json", f"{mine}list.csv", f"{mine}sheet.pdf"], own,
        ),
        "the desk": Kind(
            ["/admin/", "/admin/facts/fact/", f"/admin/facts/fact/{fact.pk}/change/"],
            session(editor),
        ),
    }  # fmt: skip
