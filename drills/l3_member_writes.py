"""L3 and F3: fifty members save at once, twenty things each, on the database as it is set up.

Usage: .venv/bin/python drills/l3_member_writes.py [MEMBERS] [SAVES]

It starts a portal of its own with four processes, signs the members in, and lets each of them press
the buttons that a script presses: save, read mark, up, and a note. At the end the database is
compared with the answers: whatever was said to be saved is there, once and in its order.
"""

import json
import sys
import threading
from collections import Counter

from portal_for_drills import Browser, Portal, address_of_visitor

PERCENTILE_99 = 1.0  # seconds, at most


def prepare(members: int, saves: int):
    """Make the things to save and the members, and return their browsers, signed in."""
    from django.db import transaction

    from community.models import Member
    from facts.models import Topic
    from tests.factories import TopicFactory
    from tests.portal.p3_steps import signed_in

    with transaction.atomic():
        topics = Topic.objects.bulk_create(TopicFactory.build_batch(saves))
        browsers = []
        for number in range(members):
            member = Member.objects.create_user(f"l3-{number}@example.org")
            browser = Browser()
            browser.cookies["session"] = signed_in(member).cookies["session"].value
            browsers.append((member, browser))
    return [topic.slug for topic in topics], browsers


class Pressing(threading.Thread):
    """One member, who presses one button after the other."""

    def __init__(self, number: int, member, browser: Browser, slugs: list[str], start) -> None:
        super().__init__()
        self.number, self.member, self.browser, self.slugs = number, member, browser, slugs
        self.begin = start
        self.saved: list[str] = []
        self.notes: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()
        self.seconds: list[float] = []

    def press(self, path: str, **form: str):
        """Press a button and return the answer."""
        headers = {"Accept": "application/json", **address_of_visitor(self.number)}
        answer = self.browser.post(path, form, **headers)
        self.statuses[answer.status] += 1
        self.seconds.append(answer.seconds)
        return answer

    def run(self) -> None:
        """Save everything; every fifth thing gets a note, a read mark and a place further up."""
        self.begin.wait()
        self.browser.get("/lists/state/", **address_of_visitor(self.number))
        for place, slug in enumerate(self.slugs):
            answer = self.press("/lists/save/", topic=slug)
            if answer.status != 200:
                continue
            self.saved.append(slug)
            if place % 5 == 4:
                item = json.loads(answer.text)["undo"].removesuffix("remove/")
                text = f"note {self.number} {place}"
                if self.press(f"{item}note/", note=text, based_on="0").status == 200:
                    self.notes[slug] = text
                self.press(f"{item}read/", is_read="1")
                if self.press(f"{item}move/", direction="up").status == 302:
                    self.saved[-2:] = reversed(self.saved[-2:])


def main() -> None:
    members = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    saves = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with Portal(workers=4):
        from community.models import SavedItem

        slugs, browsers = prepare(members, saves)
        start = threading.Barrier(members)
        threads = [
            Pressing(number, member, browser, slugs, start)
            for number, (member, browser) in enumerate(browsers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lost = 0
        for thread in threads:
            items = SavedItem.objects.filter(reading_list__member=thread.member)
            kept = [item.topic.slug for item in items.select_related("topic")]
            notes = {item.topic.slug: item.note for item in items if item.note}
            lost += kept != thread.saved
            lost += sum(notes.get(slug) != text for slug, text in thread.notes.items())
    statuses: Counter[int] = sum((thread.statuses for thread in threads), Counter())
    seconds = sorted(second for thread in threads for second in thread.seconds)
    slow = seconds[int(len(seconds) * 0.99)]
    faults = sum(count for status, count in statuses.items() if status >= 500)
    saved = sum(len(thread.saved) for thread in threads)
    print(f"{members} members, {saved} of {members * saves} saved, {dict(statuses)}")
    print(f"lists or notes that differ from the answers: {lost}")
    print(f"median {seconds[len(seconds) // 2]:.3f} s, 99 % within {slow:.3f} s")
    is_met = not lost and not faults and saved == members * saves and slow <= PERCENTILE_99
    print("L3 met" if is_met else "L3 NOT MET")
    raise SystemExit(0 if is_met else 1)


if __name__ == "__main__":
    main()
