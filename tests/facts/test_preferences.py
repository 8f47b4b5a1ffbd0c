import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.choices import Sensitivity
from facts.preferences import (
    GENTLE_BY_DEFAULT,
    SCHEMES,
    SPACINGS,
    TEXT_SIZES,
    UNITS,
    Preferences,
)

CHOICE = {
    "hidden": ["prognosis", "end-of-life"],
    "text_size": "large",
    "spacing": "wide",
    "scheme": "dark",
    "zone": "",
    "units": "miles",
}


def test_choice_is_kept_in_one_cookie_and_changes_the_page(client, db):
    response = client.post("/preferences/", CHOICE)

    html = client.get("/glossary/").content.decode()
    assert response.status_code == 302
    assert set(response.cookies) == {"preferences"}
    assert 'data-scheme="dark"' in html
    assert 'data-text="large"' in html
    assert 'data-spacing="wide"' in html


def test_page_with_a_choice_is_nobody_elses(client, db):
    client.cookies["preferences"] = "scheme=dark"

    assert client.get("/glossary/")["Cache-Control"] == "private, no-store"


def test_choosing_the_defaults_removes_the_cookie(client, db):
    client.cookies["preferences"] = "scheme=dark"

    response = client.post(
        "/preferences/",
        {"hidden": ["prognosis", "end-of-life"], "text_size": "", "scheme": "", "zone": ""},
    )

    assert response.cookies["preferences"]["max-age"] == 0


def test_reader_goes_back_to_where_the_choice_was_offered(client, db):
    response = client.post("/preferences/", {**CHOICE, "next": "/facts/numbers/?show=all"})

    assert response["Location"] == "/facts/numbers/?show=all"


def test_zone_is_chosen_from_places_that_are_named_once(client, db):
    page = client.get("/preferences/").content.decode()

    assert page.count("<option ") < 450
    assert '<option value="Asia/Kolkata">Kolkata</option>' in page
    assert '<option value="America/Argentina/Salta">Salta, Argentina</option>' in page
    for older in ("Asia/Calcutta", "America/Knox_IN", "US/Eastern", "UTC"):
        assert f'value="{older}"' not in page


def test_older_name_of_a_zone_that_was_chosen_stays_chosen(client, db):
    client.cookies["preferences"] = "zone=Asia%2FCalcutta"

    page = client.get("/preferences/").content.decode()
    response = client.post("/preferences/", {**CHOICE, "zone": "Asia/Calcutta"})

    assert '<option value="Asia/Calcutta" selected>Calcutta</option>' in page
    assert "zone=Asia%2FCalcutta" in response.cookies["preferences"].value


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example",
        "javascript:alert(1)",
        "http:///elsewhere.example",
        "\t//elsewhere.example",
        "///elsewhere.example",
        "foo",
        "health-ready",
        "http://[",
        "//[",
    ],
)
def test_reader_is_never_sent_to_another_host(client, db, address):
    response = client.post("/preferences/", {**CHOICE, "next": address})

    assert response["Location"] == "/preferences/"


@pytest.mark.parametrize("field", ["hidden", "text_size", "spacing", "scheme", "zone", "units"])
def test_unknown_choice_is_refused_in_words(client, db, field):
    response = client.post("/preferences/", {**CHOICE, field: "nonsense"})

    assert response.status_code == 400
    assert "There is something to put right" in response.content.decode()
    assert not response.cookies.get("preferences")


@given(
    st.builds(
        Preferences,
        hidden=st.frozensets(st.sampled_from([s.value for s in Sensitivity if s != "none"])),
        text_size=st.sampled_from(TEXT_SIZES),
        spacing=st.sampled_from(SPACINGS),
        scheme=st.sampled_from(SCHEMES),
        zone=st.sampled_from(["", "Europe/London", "America/Argentina/Buenos_Aires"]),
        units=st.sampled_from(UNITS),
    )
)
def test_every_choice_survives_the_cookie(preferences):
    assert Preferences.parse(preferences.serialise()) == preferences


@given(st.text(max_size=400))
def test_broken_cookie_counts_as_nothing_chosen_or_as_a_valid_choice(cookie):
    preferences = Preferences.parse(cookie)

    assert preferences.text_size in TEXT_SIZES
    assert preferences.spacing in SPACINGS
    assert preferences.scheme in SCHEMES
    assert preferences.units in UNITS


@pytest.mark.parametrize(
    "cookie", ["", "hide", "=", "&" * 300, "hide=%FF", "zone=../../etc/passwd"]
)
def test_broken_cookie_leaves_reading_gentle(cookie):
    assert Preferences.parse(cookie).hidden >= GENTLE_BY_DEFAULT
