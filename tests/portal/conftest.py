"""Fixtures of the sweeps: a world that is made once for all tests of a module."""

import pytest
from django.core.cache import cache
from django.db import transaction

from tests.portal.world import build


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """A row of everything and somebody in every role; gone after the module's last test."""
    with django_db_blocker.unblock():
        whole = transaction.atomic()
        # As in Django's own TestCase: nothing inside is the outermost transaction.
        whole._from_testcase = True
        with whole:
            cache.clear()
            yield build()
            transaction.set_rollback(True)
