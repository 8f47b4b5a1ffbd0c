"""Example members who keep example facts and groups on their lists, many and always the same.

Nobody can sign in as one: they are not active and have no password. Their addresses end where no
mail can arrive, and none is sent there. Row for row they are the same, but for the numbers that
the portal draws for what members save.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models, transaction

from community.models import Consent, Member, ReadingList, SavedItem, SupportGroup
from community.models.consents import CONSENT_VERSION
from community.models.members import NUMBERS_BEGIN
from facts.choices import Origin
from facts.models import FactVersion, Topic

BATCH = 500
# Reserved for examples (RFC 2606): it leads to nobody.
DOMAIN = "members.example.org"
# Without a common divisor with how many numbers there are, so that no two get the same.
_STRIDE = 5_754_853_343
# So many facts and groups are looked at for the lists of a batch.
_SHELF = 400


def is_example(address: str) -> bool:
    """Return whether `address` is that of an example member."""
    return address.lower().endswith(f"@{DOMAIN}")


def members() -> models.QuerySet[Member]:
    """Return the example members."""
    return Member.objects.filter(email__endswith=f"@{DOMAIN}")


def _address(number: int) -> str:
    return f"example-{number}@{DOMAIN}"


def example_member(number: int, now: datetime) -> Member:
    """Return the example member of `number`, which counts from 1."""
    return Member(
        pk=NUMBERS_BEGIN + number * _STRIDE % (9 * NUMBERS_BEGIN),
        email=_address(number),
        display_name=f"Example {number}",
        password=f"{UNUSABLE_PASSWORD_PREFIX}example",
        is_active=False,
        joined_at=now - timedelta(days=1 + number % 300),
    )


@transaction.atomic
def make_members(first: int, last: int, now: datetime) -> int:
    """Make those of the members `first` to `last` that are not here; return how many."""
    addresses = {number: _address(number) for number in range(first, last + 1)}
    here = set(Member.objects.filter(email__in=addresses.values()).values_list("email", flat=True))
    made = Member.objects.bulk_create(
        example_member(number, now) for number, email in addresses.items() if email not in here
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=member, email=member.email, verified=True, primary=True)
        for member in made
    )
    Consent.objects.bulk_create(
        Consent(member=member, version=CONSENT_VERSION, given_at=member.joined_at)
        for member in made
    )
    return len(made)


@transaction.atomic
def make_lists(first: int, last: int, now: datetime) -> int:
    """Make those of the lists `first` to `last` that are not here, with what is on them.

    They go to the example members in turn. Returns how many were made.
    """
    keys = {
        number: uuid5(NAMESPACE_URL, f"waymark list {number}") for number in range(first, last + 1)
    }
    here = set(ReadingList.objects.filter(pk__in=keys.values()).values_list("pk", flat=True))
    missing = [number for number, key in keys.items() if key not in here]
    owners = members().count()
    numbers = {number: (number - 1) % owners + 1 for number in missing}
    by_address = dict(
        Member.objects.filter(email__in=map(_address, set(numbers.values()))).values_list(
            "email", "pk"
        )
    )
    lists = ReadingList.objects.bulk_create(
        ReadingList(
            pk=keys[number],
            member_id=by_address[_address(numbers[number])],
            title=f"Example list {number}",
            is_default=number <= owners,
            note="An example of a note on a list." if number % 4 == 0 else "",
        )
        for number in missing
    )
    shelf = _shelf(Random(f"waymark shelf {first}"))  # noqa: S311  Always the same, on purpose.
    SavedItem.objects.bulk_create(
        item
        for number, reading_list in zip(missing, lists, strict=True)
        for item in _items(number, reading_list, shelf, now)
    )
    return len(lists)


def _shelf(chance: Random) -> list[dict[str, Any]]:
    """Return some of the example topics, facts and groups, as an item keeps them."""
    live = FactVersion.objects.filter(origin=Origin.EXAMPLE)
    versions = _some(live, chance)
    kept: list[dict[str, Any]] = [
        {"fact_id": version.fact_id, "seen_version_id": version.pk} for version in versions
    ]
    kept += [{"topic_id": t.pk} for t in _some(Topic.objects.filter(is_example=True), chance)]
    groups = SupportGroup.objects.filter(is_example=True)
    return kept + [{"group_id": group.pk} for group in _some(groups, chance)]


def _some(rows: models.QuerySet[Any], chance: Random) -> list[Any]:
    """Return some of `rows` that follow one another from anywhere."""
    ends = rows.order_by().aggregate(first=models.Min("pk"), last=models.Max("pk"))
    if ends["first"] is None:
        return []
    begin = chance.randint(ends["first"], max(ends["first"], ends["last"] - _SHELF))
    return list(rows.filter(pk__gte=begin).order_by("pk")[:_SHELF])


def _items(
    number: int, reading_list: ReadingList, shelf: Sequence[dict[str, Any]], now: datetime
) -> list[SavedItem]:
    chance = Random(f"waymark list {number}")  # noqa: S311  Always the same, on purpose.
    kept = chance.sample(shelf, min(len(shelf), chance.randint(3, 12)))
    return [
        SavedItem(
            reading_list=reading_list,
            position=position,
            seen_at=now,
            read_at=now if chance.random() < 0.4 else None,
            note=f"An example of a note, on item {position}." if chance.random() < 0.3 else "",
            **what,
        )
        for position, what in enumerate(kept, start=1)
    ]


def remove() -> int:
    """Take the example members away, with all that they keep; return how many went."""
    keys = list(members().values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        some = keys[start : start + BATCH]
        with transaction.atomic():
            SavedItem.objects.filter(reading_list__member__in=some).delete()
            ReadingList.objects.filter(member__in=some).delete()
            Member.objects.filter(pk__in=some).delete()
    return len(keys)
