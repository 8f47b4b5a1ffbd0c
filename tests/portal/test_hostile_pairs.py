"""Another member's thing and one that never was: nobody can tell them apart (Z2, Z8, P11)."""

import re
import uuid
from itertools import pairwise

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from community.models import DataExport
from tests.factories import (
    MemberFactory,
    ReadingListFactory,
    SharedListFactory,
    SheetQuestionFactory,
    TopicFactory,
)
from tests.portal.test_permissions import LIST, TABLE
from tests.portal.world import ITEMS, LISTS

pytestmark = pytest.mark.django_db

VARYING = {"X-Request-ID", "Date", "Content-Length", "Expires"}
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
NOBODYS = "00000000-0000-4000-8000-0000000000ff"
STRANGERS = ("other", "editor", "moderator", "superuser", "visitor")
# Pages of one list, one item, or what hangs from them: found in the table by their addresses.
OF_A_LIST = sorted({address for address, *_codes in TABLE.values() if LIST in address})
# Mail programs post there by themselves, and hold a secret instead (RFC 8058).
NO_TOKEN = {"mail-stop"}
FILLED = {
    "note": "A note",
    "based_on": "0",
    "title": "A title",
    "direction": "up",
    "is_read": "1",
    "delete": "1",
    "sure": "1",
    "confirm": "1",
}


def answer(world, role, method, address, key, data=None):
    """Return all that a reply tells but for `key`, which whoever asks knows, and tokens.

    How often it asked the database is a part of that: it can be heard in the time.
    """
    with CaptureQueriesContext(connection) as queries:
        response = world.ask(role, method, address, data, is_proved=True)
    text = TOKEN.sub("", response.text) if not response.streaming else ""
    headers = {n: v.replace(key, "KEY") for n, v in response.items() if n not in VARYING}
    text = text.replace(key, "KEY")
    return response.status_code, headers, sorted(response.cookies), text, len(queries)


def test_z2_the_table_names_pages_of_a_list():
    assert len(OF_A_LIST) >= 5


@pytest.mark.parametrize("address", OF_A_LIST)
def test_z2_anothers_list_answers_like_one_that_never_was(world, address):
    made_up = address.replace(LIST, NOBODYS)

    for role in STRANGERS:
        for method, data in (("GET", None), ("HEAD", None), ("POST", None), ("POST", FILLED)):
            theirs = answer(world, role, method, address, LIST, data)
            nobodys = answer(world, role, method, made_up, NOBODYS, data)
            assert theirs == nobodys, (role, method)
            assert theirs[0] in {302, 403, 404, 405}


@pytest.mark.parametrize(
    "address", [a for a in OF_A_LIST if f"/items/{ITEMS['owner']}" in a], ids=str
)
def test_z2_anothers_item_on_ones_own_list_answers_like_one_that_never_was(world, address):
    item = str(ITEMS["owner"])
    through_own = address.replace(LIST, LISTS["other"])

    for method, data in (("GET", None), ("POST", None), ("POST", FILLED)):
        theirs = answer(world, "other", method, through_own, item, data)
        nobodys = answer(
            world, "other", method, through_own.replace(item, "799999"), "799999", data
        )
        assert theirs == nobodys, method
        # A press leads back to one's own list, and says that nothing was changed.
        assert theirs[0] in {302, 404, 405}


def test_z2_saving_to_anothers_list_answers_like_one_that_never_was(world):
    def saved(key):
        return answer(world, "other", "POST", "/lists/save/", key, {"topic": "bones", "list": key})

    assert saved(LIST) == saved(NOBODYS)
    assert saved(LIST)[0] == 404


@pytest.mark.parametrize("role", ["other", "superuser", "visitor"])
def test_z2_anothers_copy_answers_like_one_that_never_was(world, role):
    _made, secret = DataExport.objects.ask(world.people["owner"], "data", timezone.now())
    made_up = secret[::-1]

    for method in ("GET", "POST"):
        theirs = answer(world, role, method, f"/account/export/{secret}/", secret)
        nobodys = answer(world, role, method, f"/account/export/{made_up}/", made_up)
        assert theirs == nobodys
        assert theirs[0] in {302, 404}


def test_z2_whole_import_of_a_colleague_answers_like_one_that_never_was(world):
    base = "/admin/community/supportgroup/import/"
    key, made_up = str(world.keys["preview"]), str(uuid.uuid4())

    for method in ("GET", "POST"):
        theirs = answer(world, "superuser", method, f"{base}{key}/", key)
        assert theirs == answer(world, "superuser", method, f"{base}{made_up}/", made_up)
        assert theirs[0] == 404


@pytest.mark.parametrize("role", ["editor", "reviewer", "moderator"])
def test_z2_number_of_a_member_answers_like_one_that_never_was(world, role):
    base, key, made_up = "/admin/community/", f"member/{world.keys['member']}/", "member/799999/"

    for rest in ("change/", "history/", "delete/", "do/way-in/", "do/delete/"):
        theirs = answer(world, role, "GET", f"{base}{key}{rest}", key)
        nobodys = answer(world, role, "GET", f"{base}{made_up}{rest}", made_up)
        assert theirs == nobodys, rest


def test_p5_number_of_a_member_does_not_count_members(db):
    numbers = [MemberFactory().pk for _ in range(5)]

    assert min(numbers) >= 10**9
    assert len({later - earlier for earlier, later in pairwise(numbers)}) == 4


def test_p5_numbers_in_addresses_and_forms_of_members_count_nothing(db):
    member, reading_list = MemberFactory(), ReadingListFactory()
    reading_list.add_all([TopicFactory() for _ in range(3)])
    questions = [SheetQuestionFactory(reading_list=reading_list).pk for _ in range(3)]
    links = [SharedListFactory(reading_list=reading_list).pk for _ in range(3)]
    steps = [Authenticator.objects.create(user=member, type=t, data={}) for t in ("totp", "other")]
    items = reading_list.saved_items.values_list("pk", flat=True)

    for numbers in (list(items), questions, links, [step.pk for step in steps]):
        assert min(numbers) >= 10**15
        assert min(abs(a - b) for a, b in pairwise(numbers)) > len(numbers)


def test_z8_no_address_takes_a_form_without_its_token(world):
    # The check comes before anybody's rights, so each address tries it in turn of three roles.
    clients = [world.client(r, enforce_csrf_checks=True) for r in ("visitor", "owner", "superuser")]

    for number, (name, (address, *_codes)) in enumerate(TABLE.items()):
        response = clients[number % 3].post(address.format_map(world.keys))

        if name not in NO_TOKEN:
            assert response.status_code == 403, address
