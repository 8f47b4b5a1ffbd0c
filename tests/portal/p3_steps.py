"""What test_p3_deletion.py does in processes of its own, with the settings of production.

Usage: python -m tests.portal.p3_steps plant|delete CANARY
"""

import json
import os
import random
import sys
import time
from datetime import timedelta
from pathlib import Path

import django
from django.conf import settings

os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
# Pages are made without having collected their static files first: that takes long.
settings.STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)
django.setup()

from allauth.account.models import EmailAddress, EmailConfirmation  # noqa: E402
from allauth.mfa.models import Authenticator  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from community.models import (  # noqa: E402
    Consent,
    DataExport,
    ListImport,
    Member,
    SharedNote,
    Suggestion,
)
from portal.mail import deliver, pack  # noqa: E402
from portal.management.commands.prepare import _static_files  # noqa: E402
from tests.factories import (  # noqa: E402
    PASSWORD,
    AppointmentSheetFactory,
    MemberFactory,
    ReadingListFactory,
    SavedItemFactory,
    SharedListFactory,
    SheetQuestionFactory,
    SupportGroupFactory,
    TopicFactory,
)
from tests.portal.test_mail import message  # noqa: E402

ADDRESS = "{}@example.org"
CROWD = 50


def signed_in(member, **headers):
    """Return a browser in which `member` has just proved who they are."""
    browser = Client(SERVER_NAME="localhost", **headers)
    browser.force_login(member)
    session = browser.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(member.pk)
    session.save()
    return browser


def fill(member, canary, topics):
    """Give `member` something in everything that a member can have."""
    with transaction.atomic():
        for number in range(2):
            reading_list = ReadingListFactory(member=member, title=f"{canary} {number}")
            for topic in topics:
                item = SavedItemFactory(
                    reading_list=reading_list, topic=topic, note=f"{canary} note"
                )
            AppointmentSheetFactory(reading_list=reading_list, appointment_on="2027-01-02")
            SheetQuestionFactory(reading_list=reading_list, text=canary, answer=canary)
            link = SharedListFactory(reading_list=reading_list)
            SharedNote.objects.create(shared_list=link, item=item, note_number=0)
        ListImport.objects.create(member=member, content=canary, created_at=timezone.now())
        Consent.objects.create(member=member, version="2026-11", given_at=timezone.now())
        Authenticator.objects.create(user=member, type="webauthn", data={"name": canary})
        DataExport.objects.ask(member, "data", timezone.now())


def crowd_moves(topics, people):
    """Let others come, write and go, so that the rows of all lie between one another."""
    for _number in range(CROWD):
        # Without a password: to make one takes long, on purpose.
        person = Member.objects.create_user(
            f"{random.random()}@example.org", display_name="x" * random.randint(0, 40)
        )
        fill(person, f"bystander {person.pk}", topics[: random.randint(1, 4)])
        people.append(person)
        if random.random() < 0.3:
            people.pop(random.randrange(len(people))).delete()
        if people and random.random() < 0.3:
            first, *others = random.choice(people).reading_lists.all()
            first.title = f"moved {'y' * random.randint(0, 50)}"
            first.save()
            for reading_list in others:
                reading_list.delete()


def plant(canary):
    random.seed(canary)
    topics = [TopicFactory() for _number in range(6)]
    group = SupportGroupFactory()
    people = []
    crowd_moves(topics, people)
    address = ADDRESS.format(canary)
    member = MemberFactory(email=f"former-{address}", display_name=canary)
    # The address was another one once.
    EmailAddress.objects.filter(user=member).update(email=address)
    member.email = address
    member.save()
    EmailConfirmation.objects.create(
        email_address=member.emailaddress_set.get(), key=canary, sent=timezone.now()
    )
    fill(member, canary, topics)
    Suggestion.objects.create(
        kind="correction",
        group=group,
        words="Shared words stay.",
        reply_address=address,
        created_on=timezone.localdate(),
    )
    browser = Client(SERVER_NAME="localhost", HTTP_USER_AGENT=f"Mozilla {canary}")
    for password in ("wrong", "wrong again", PASSWORD):
        # The right password leads to a second step, which is left open.
        browser.post("/accounts/login/", {"login": address, "password": password})
    signed_in(member, HTTP_USER_AGENT=f"Mozilla {canary}").get("/account/")
    # Somebody is on the way to a code; mails wait; another one has failed.
    Client(SERVER_NAME="localhost").post("/accounts/login/code/", {"email": address})
    tomorrow = timezone.now() + timedelta(days=1)
    deliver.using(run_after=tomorrow).enqueue(pack(message(to=[address])), 3)
    crowd_moves(topics, people)
    # As if the static files had been collected before.
    Path(f"{settings.STATIC_ROOT}.stamp").write_text(_static_files())
    print(json.dumps({"members": Member.objects.count(), "number": member.pk}))


def delete(canary):
    browser = signed_in(Member.objects.get(email=ADDRESS.format(canary)))
    response = browser.post("/account/delete/")
    assert "Your account is deleted" in response.text, response.status_code


if __name__ == "__main__":
    {"plant": plant, "delete": delete}[sys.argv[1]](sys.argv[2])
