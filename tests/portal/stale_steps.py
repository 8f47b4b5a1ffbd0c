"""Edits public content at random while many read it, and says what was stale, mixed or shown again.

Run by test_never_stale.py beside a real server: `python -m tests.portal.stale_steps PORT SECONDS
SEED`. Prints one line of JSON.
"""

import http.client
import json
import random
import re
import sys
import threading
import time
from bisect import bisect_right

from django.conf import settings

settings.STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)

import django  # noqa: E402

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from community.models import SupportGroup  # noqa: E402
from facts.models import Topic  # noqa: E402
from tests.factories import SupportGroupFactory, TopicFactory  # noqa: E402

READERS = 6
WITHIN = 1.0  # seconds, in which every process has to show a change
MOST = 60.0  # seconds, however busy the machine
MARK = re.compile(rb"state (\d+) ")
# Each names its state twice at least, in two columns that change together.
PAGES = ("/facts/", "/facts/one/", "/groups/circle/")
WITHDRAWN = "/facts/two/"


class Record:
    """When each state was there for everybody to see: what was committed, and when."""

    def __init__(self):
        self.moments, self.states = [], []

    def add(self, state):
        self.moments.append(time.monotonic())
        self.states.append(state)

    def at(self, moment):
        """Return the state that was committed last at `moment`, or None."""
        place = bisect_right(self.moments, moment)
        return self.states[place - 1] if place else None

    def during(self, begin, end):
        """Return the states of which one at least was there between both moments."""
        first = max(bisect_right(self.moments, begin) - 1, 0)
        return self.states[first : bisect_right(self.moments, end) + 1]


records = {page: Record() for page in (*PAGES, WITHDRAWN)}
found = {"reads": 0, "edits": 0, "not_modified": 0, "withdrawals": 0, "faults": []}
over = threading.Event()


def words(state, what):
    return f"state {state} {what}"


def edit_topic(state):
    with transaction.atomic():
        fields = {"title": words(state, "title"), "summary": words(state, "summary")}
        way = random.randrange(3)
        if way == 0:
            topic = Topic.objects.get(slug="one")
            topic.title, topic.summary = fields["title"], fields["summary"]
            topic.save()
        elif way == 1:
            Topic.objects.filter(slug="one").update(**fields)
        else:
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE facts_topic SET title = %s, summary = %s WHERE slug = 'one'",
                    list(fields.values()),
                )
        time.sleep(random.random() * 0.02)
    for page in ("/facts/", "/facts/one/"):
        records[page].add(state)


def edit_group(state):
    fields = {"name": words(state, "name"), "description": words(state, "description")}
    if random.randrange(2):
        SupportGroup.objects.filter(slug="circle").update(**fields)
    else:
        with transaction.atomic():
            group = SupportGroup.objects.get(slug="circle")
            group.name, group.description = fields["name"], fields["description"]
            group.save()
    records["/groups/circle/"].add(state)


def withdraw_or_publish(state):
    topic = Topic.objects.get(slug="two")
    topic.published_at = None if topic.published_at else timezone.now()
    topic.save()
    found["withdrawals"] += topic.published_at is None
    records[WITHDRAWN].add(200 if topic.published_at else 404)


def read(port, seed):
    try:
        read_on(port, seed)
    except Exception as error:
        fault("", "reader", repr(error))
        raise


def read_on(port, seed):
    choose = random.Random(seed)
    connection_ = http.client.HTTPConnection("localhost", port, timeout=30)
    tags = {}
    while not over.is_set():
        path = choose.choice((*PAGES, WITHDRAWN))
        headers = {"Accept-Encoding": "identity"}
        if path in tags and choose.random() < 0.3:
            headers["If-None-Match"] = tags[path][0]
        begin = time.monotonic()
        connection_.request("GET", path, headers=headers)
        response = connection_.getresponse()
        body = response.read()
        judge(path, begin, time.monotonic(), response, body, tags)


def judge(path, begin, end, response, body, tags):
    found["reads"] += 1
    allowed = set(records[path].during(begin - WITHIN, end))
    # What is committed shows in the record a moment later.
    if path == WITHDRAWN:
        seen = {response.status if response.status != 304 else 200}
    elif response.status == 304:
        found["not_modified"] += 1
        seen = tags[path][1]
    else:
        seen = {int(number) for number in MARK.findall(body)}
        if response.status != 200 or len(seen) != 1:
            fault(path, "mixed", sorted(seen) or response.status)
            return
    if response.status == 200 and path != WITHDRAWN:
        tags[path] = (response.headers["ETag"], seen)
    if not seen <= allowed and not seen <= set(wait_for(path, begin, end)):
        fault(path, "stale", [sorted(seen), sorted(allowed)])


def wait_for(path, begin, end):
    time.sleep(0.3)
    return records[path].during(begin - WITHIN, end + 0.3)


def fault(path, kind, what):
    if len(found["faults"]) < 20:
        found["faults"].append([path, kind, what])


def is_enough():
    return found["edits"] > 10 and found["reads"] > 200 and found["withdrawals"]


def main(port, seconds, seed):
    random.seed(seed)
    one = {"title": words(0, "title"), "summary": words(0, "summary")}
    TopicFactory(slug="one", **one)
    TopicFactory(slug="two")
    SupportGroupFactory(slug="circle", name=words(0, "name"), description=words(0, "description"))
    for page in PAGES:
        records[page].add(0)
    records[WITHDRAWN].add(200)
    readers = [threading.Thread(target=read, args=(port, f"{seed} {n}")) for n in range(READERS)]
    for reader in readers:
        reader.start()
    began, state = time.monotonic(), 0
    # A busy machine takes longer over as much.
    while (lasted := time.monotonic() - began) < seconds or (lasted < MOST and not is_enough()):
        state += 1
        random.choice((edit_topic, edit_topic, edit_group, withdraw_or_publish))(state)
        found["edits"] += 1
        time.sleep(random.choice((0, 0.01, 0.1, 0.5)))
    over.set()
    for reader in readers:
        reader.join()
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
