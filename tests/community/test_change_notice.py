"""The row that knows until when a member was told of changes."""

import pytest
from django.db import IntegrityError

from community.models import ChangeNotice
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


def test_secret_is_made_once_and_finds_the_row(member):
    notice = ChangeNotice.objects.create(member=member)
    secret = notice.secret

    notice.save()

    assert ChangeNotice.objects.opened_by(secret).get().secret == secret
    assert not ChangeNotice.objects.opened_by("").exists()
    assert len(secret) >= 32


def test_secret_is_encrypted(member):
    ChangeNotice.objects.create(member=member)

    (row,) = ChangeNotice.objects.values_list("secret", "secret_hash")

    assert ChangeNotice.objects.get().secret not in f"{row[0].token} {row[1]}"


def test_notice_has_a_secret(member):
    notice = ChangeNotice.objects.create(member=member)

    with pytest.raises(IntegrityError, match="community_changenotice_has_secret"):
        ChangeNotice.objects.filter(pk=notice.pk).update(secret_hash="")


def test_notice_goes_with_its_member():
    notice = ChangeNotice.objects.create(member=MemberFactory())

    notice.member.delete()

    assert not ChangeNotice.objects.exists()
