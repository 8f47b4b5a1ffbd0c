"""Pages that several servers share, and a cache that is away, slow, or full of something else."""

import time

import pytest
from django.core.cache import caches

from portal.pages.front import Front
from portal.pages.shared import ALIAS, Made, Plain, SharedPages
from portal.pages.store import Store
from tests.portal.test_front import HTML, Django, Watch, ask

KEY = ("/facts/", "", "here", None, "")


@pytest.fixture(autouse=True)
def _cache(settings):
    place = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "pages"}
    settings.CACHES = {**settings.CACHES, ALIAS: place}
    caches[ALIAS].clear()


def made(**fields):
    now = time.time()
    values = {"made_at": now, "until": now + 30, "texts_until": float("inf"), **fields}
    return Made([("Content-Type", "text/html")], b"\x00body\n", **values)


def test_what_one_server_made_another_sends():
    django = Django()
    first, second = Front(django, Store(Watch())), Front(django, Store(Watch()))

    assert ask(first)[2] == ask(second)[2] == HTML
    assert ask(first)[1] == ask(second)[1]
    assert len(django.seen) == 1


def test_another_state_of_the_database_is_another_page():
    django = Django()
    first, second = Front(django, Store(Watch())), Front(django, Store(Watch()))
    second.watch.number = (2,)

    ask(first), ask(second)

    assert len(django.seen) == 2


def test_page_comes_back_as_it_was():
    shared, page = SharedPages(), made()

    shared.put(KEY, (1,), page)

    assert shared.get(KEY, (1,)) == page
    assert shared.get(KEY, (2,)) is None
    assert shared.get(("/other/",), (1,)) is None


def test_page_that_holds_no_longer_is_none():
    shared = SharedPages()
    shared.put(KEY, (1,), made(until=time.time() - 1))

    assert shared.get(KEY, (1,)) is None


@pytest.mark.parametrize(
    "found",
    [b"", b"\n", b"[]\n", b"{}\nx", b"[1, 2, 3, 4]\n", b"\x80\x04.", b"x" * 50_000, "text", 7],
)
def test_something_else_in_the_cache_is_no_page(found):
    shared = SharedPages()
    caches[ALIAS].set(shared._name(KEY, (1,)), found)

    assert shared.get(KEY, (1,)) is None


def test_nothing_that_comes_out_of_the_cache_is_run():
    assert Plain().loads(Plain().dumps(b"cos\nsystem\n")) == b"cos\nsystem\n"


def test_f10_cache_that_is_away_is_left_alone_for_a_while(settings, monkeypatch):
    asked = []

    def get(self, *args):
        asked.append(args)
        raise ConnectionError

    monkeypatch.setattr("django.core.cache.backends.locmem.LocMemCache.get", get)
    django = Django()
    front = Front(django, Store(Watch()))

    assert ask(front, path="/facts/a/")[2] == ask(front, path="/facts/b/")[2] == HTML
    assert len(asked) == 1


def test_without_an_address_there_is_none(settings):
    settings.CACHES = {name: value for name, value in settings.CACHES.items() if name != ALIAS}
    shared = SharedPages()

    shared.put(KEY, (1,), made())

    assert shared.get(KEY, (1,)) is None
