from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.factories import SupportGroupFactory, TopicFactory
from tests.portal.processes import free_port


def warm(**options):
    out = StringIO()
    call_command("warm_pages", stdout=out, **options)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_every_page_is_opened(live_server, settings):
    settings.SITE_URL = live_server.url
    TopicFactory(slug="bones")
    SupportGroupFactory(slug="circle")

    said = warm(at=live_server.url.removeprefix("http://"), times=1)

    assert "pages opened, 1 times each." in said
    assert "no page" not in said


def test_where_nobody_listens_it_says_so(db):
    with pytest.raises(CommandError, match="Nothing answers"):
        warm(at=f"127.0.0.1:{free_port()}", times=1)
