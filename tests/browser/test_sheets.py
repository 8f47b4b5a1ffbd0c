"""From a list to paper and to a relative, in a real browser: by keyboard, and without scripts."""

import io
import re

import pypdf
import pytest
from playwright.sync_api import expect

from community.models import SheetQuestion
from tests.browser.conftest import violations
from tests.factories import (
    FactFactory,
    MemberFactory,
    QuestionFactory,
    ReadingListFactory,
    SavedItemFactory,
    SheetQuestionFactory,
    TopicFactory,
    make_live,
)

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mine(live_server, member):
    """A list with a fact, a note on it, and two questions that go with it; one is sensitive."""
    fact = FactFactory(topic=TopicFactory(slug="bones"), slug="scans")
    make_live(fact, title="Scans help")
    for text, sensitivity in (("Do scans hurt?", "none"), ("How long?", "prognosis")):
        QuestionFactory(text=text, sensitivity=sensitivity).facts.add(fact)
    reading_list = ReadingListFactory(member=member, title="For Thursday")
    SavedItemFactory(reading_list=reading_list, topic=None, fact=fact, note="Ask on Tuesday.")
    SavedItemFactory(reading_list=reading_list)
    return reading_list


def tab_to(page, locator, most=80):
    """Go to `locator` by the keyboard alone."""
    for _step in range(most):
        if locator.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail("The keyboard does not get there.")


def whole(page):
    """Expect that nothing on the page breaks a rule, or is cut off at 320 px."""
    page.set_viewport_size({"width": 320, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == [], f"{page.url} {scheme}"


def test_sheet_is_made_and_printed_by_keyboard(page, mine, live_server, sign_in, member):
    sign_in(member)
    page.goto(f"{live_server.url}/lists/{mine.pk}/")
    link = page.get_by_role("link", name="Sheet for an appointment")
    tab_to(page, link)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("A sheet for your appointment")
    expect(page.get_by_text("How long?")).to_have_count(0)
    whole(page)
    tick = page.get_by_label("Do scans hurt?")
    tab_to(page, tick)
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("A question of your own"))
    page.keyboard.type("Can I fly in May?")
    tab_to(page, page.get_by_role("button", name="Make the sheet"))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Questions for my appointment")).to_be_visible()
    whole(page)
    page.get_by_label("Ask first").select_option(label="Can I fly in May?")
    tab_to(page, page.get_by_role("button", name="Put these first"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Most important to me")).to_be_visible()
    page.evaluate("window.print = () => { document.title = 'printed'; }")
    page.get_by_role("button", name="Print this page").press("Enter")
    assert page.title() == "printed"
    page.emulate_media(media="print")
    for gone in ("header.site-header", "footer.site-footer", "form"):
        expect(page.locator(gone).first).to_be_hidden()
    expect(page.locator(".sheet-room hr").first).to_be_visible()
    page.emulate_media(media="null")
    paper = pypdf.PdfReader(io.BytesIO(page.pdf(format="Letter")))
    assert len(paper.pages) == 1
    assert "Can I fly in May?" in paper.pages[0].extract_text()
    page.get_by_role("link", name="Write down the answers").click()
    page.get_by_label("Can I fly in May?").fill("Yes, with tablets.")
    whole(page)
    page.get_by_role("button", name="Save the answers").click()
    expect(page.locator(".sheet-answer")).to_contain_text("Yes, with tablets.")


@pytest.mark.parametrize("secret", ["W" * 22, "-" * 22, "i_" * 11, "W-m_W-m_" * 2 + "W-m_W-"])
def test_address_of_a_shared_list_is_seen_whole_and_copied(
    page, context, mine, live_server, sign_in, member, monkeypatch, secret
):
    monkeypatch.setattr("community.models.shared_lists.token_urlsafe", lambda _n: secret)
    sign_in(member)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{live_server.url}/lists/{mine.pk}/share/")
    page.get_by_role("button", name="See what others will see").click()
    page.get_by_role("button", name="Make the link").click()
    field = page.get_by_label("The address of the list")
    page.evaluate("document.fonts.ready")
    whole(page)

    page.get_by_role("button", name="Copy the address").press("Enter")

    expect(page.get_by_text("Copied.", exact=True)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == field.input_value()
    assert field.evaluate(
        "(e) => e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight"
    )


@pytest.mark.parametrize("page_of", ["", "sheet/choose/", "share/", "take-along/"])
def test_title_without_an_end_stays_on_the_screen(page, live_server, sign_in, mine, page_of):
    mine.title = "W" * 80
    mine.save()
    sign_in(mine.member)
    page.goto(f"{live_server.url}/lists/{mine.pk}/{page_of}")

    whole(page)


TYPED = """() => [localStorage, sessionStorage].flatMap(
  (store) => Object.keys(store).filter((key) => key.startsWith("waymark.typed."))
).length"""


@pytest.fixture
def asked(mine, live_server, sign_in, member):
    """The address of the sheet of a list with a question of one's own."""
    SheetQuestionFactory(reading_list=mine, text="Can I fly in May?")
    sign_in(member)
    return f"{live_server.url}/lists/{mine.pk}/sheet"


def test_answer_typed_without_a_connection_is_kept_until_it_is_saved(page, context, asked):
    page.goto(f"{asked}/answers/")
    context.set_offline(True)
    page.get_by_label("Can I fly in May?").fill("Yes, with tablets.")
    page.get_by_role("button", name="Save the answers").click()
    expect(page.get_by_text("There is no connection, so nothing is saved yet.")).to_be_visible()
    assert violations(page) == []
    page.close()

    context.set_offline(False)
    page = context.new_page()
    page.goto(f"{asked}/answers/")
    expect(page.get_by_text("It is back: look through it, and save.")).to_be_visible()
    expect(page.get_by_label("Can I fly in May?")).to_have_value("Yes, with tablets.")
    page.get_by_role("button", name="Save the answers").click()

    expect(page.locator(".sheet-answer")).to_contain_text("Yes, with tablets.")
    assert page.evaluate(TYPED) == 0
    assert "#" not in page.url


def test_question_typed_before_the_page_was_closed_is_back(page, context, asked):
    page.goto(f"{asked}/choose/")
    page.get_by_label("A question of your own", exact=True).fill("And drive?")
    page.get_by_label("Your question 1").fill("Can I fly in June?")
    assert page.evaluate(TYPED) == 1
    page.close()

    page = context.new_page()
    page.goto(f"{asked}/choose/")
    expect(page.get_by_label("A question of your own", exact=True)).to_have_value("And drive?")
    page.get_by_role("button", name="Make the sheet").last.click()

    expect(page.get_by_role("heading", name="Can I fly in June?")).to_be_visible()
    expect(page.get_by_role("heading", name="And drive?")).to_be_visible()
    assert page.evaluate(TYPED) == 0
    page.goto(f"{asked}/choose/")
    expect(page.get_by_label("A question of your own", exact=True)).to_have_value("")


def test_answer_that_another_window_saved_too_is_shown_beside_what_is_back(page, context, asked):
    page.goto(f"{asked}/answers/")
    page.get_by_label("Can I fly in May?").fill("Mine.")
    other = SheetQuestion.objects.get()
    other.write_answer("Theirs.", 0)
    page.close()

    page = context.new_page()
    page.goto(f"{asked}/answers/")
    page.get_by_role("button", name="Save the answers").click()

    expect(page.get_by_role("heading", name="Some answers were changed")).to_be_visible()
    expect(page.get_by_label("What is saved now")).to_have_value("Theirs.")
    expect(page.get_by_label("Can I fly in May?", exact=True)).to_have_value("Mine.")
    assert page.evaluate(TYPED) == 1


def test_words_typed_for_a_sheet_go_with_signing_out_and_with_another_member(
    page, asked, live_server, sign_in, mine
):
    page.goto(f"{asked}/answers/")
    page.get_by_label("Can I fly in May?").fill("Mine.")
    assert page.evaluate(TYPED) == 1
    sign_in(MemberFactory())
    page.goto(f"{live_server.url}/lists/")
    page.wait_for_function(f"({TYPED})() === 0")

    sign_in(mine.member)
    page.goto(f"{asked}/answers/")
    page.get_by_label("Can I fly in May?").fill("Mine.")
    assert page.evaluate(TYPED) == 1
    page.goto(f"{live_server.url}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_function(f"({TYPED})() === 0")


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_list_is_shared_and_taken_along_without_scripts(
    browser, page, mine, live_server, sign_in, member
):
    sign_in(member)
    page.goto(f"{live_server.url}/lists/{mine.pk}/")
    page.get_by_role("link", name="Share it").click()
    page.get_by_label(re.compile("Ask on Tuesday")).check()
    page.get_by_role("button", name="See what others will see").click()
    expect(page.get_by_text("The link does not work yet.")).to_be_visible()
    page.get_by_role("button", name="Make the link").click()
    address = page.get_by_label("The address of the list").input_value()
    path = address[address.index("/lists/") :]

    others = browser.new_context(java_script_enabled=False)
    try:
        theirs = others.new_page()
        theirs.goto(f"{live_server.url}{path}")
        expect(theirs.get_by_role("heading", name="Scans help")).to_be_visible()
        expect(theirs.get_by_text("Ask on Tuesday.")).to_be_visible()
        theirs.get_by_role("link", name="Save to my list: Scans help").click()
        assert "/lists/save/?fact=bones/scans" in theirs.url
        page.goto(f"{live_server.url}/lists/{mine.pk}/share/")
        page.get_by_role("button", name="Stop sharing").click()
        expect(page.get_by_role("heading", name="Links that work now")).to_have_count(0)
        assert theirs.goto(f"{live_server.url}{path}").status == 404
    finally:
        others.close()

    page.goto(f"{live_server.url}/lists/{mine.pk}/take-along/")
    page.get_by_label("With my notes").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the file").click()
    assert download.value.suggested_filename == "list.html"
    file = browser.new_context(offline=True)
    try:
        alone = file.new_page()
        alone.goto(f"file://{download.value.path()}")
        alone.set_content(download.value.path().read_text())
        expect(alone.get_by_text("Ask on Tuesday.")).to_be_visible()
        assert violations(alone) == []
        alone.set_viewport_size({"width": 320, "height": 740})
        assert alone.evaluate("document.documentElement.scrollWidth") <= 320
    finally:
        file.close()


def test_sheet_from_what_a_device_holds(page, mine, live_server):
    page.goto(f"{live_server.url}/facts/bones/scans/")
    page.get_by_role("link", name="Save to my list: Scans help").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.goto(f"{live_server.url}/lists/")
    page.get_by_role("link", name="Make a sheet for my appointment").click()
    whole(page)
    page.get_by_role("button", name="Show the questions for what I saved").click()
    expect(page.get_by_text("These belong to what you saved.")).to_be_visible()
    page.get_by_label("Do scans hurt?").check()
    page.get_by_role("button", name="Make the sheet").click()

    expect(page.locator(".sheet")).to_contain_text("Do scans hurt?")
    expect(page.locator(".sheet")).to_contain_text("/facts/bones/scans/")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a PDF file").click()
    assert download.value.suggested_filename == "sheet.pdf"


def test_pages_break_no_rule(page, mine, live_server, sign_in, member):
    sign_in(member)
    for address in (f"{mine.pk}/share/", f"{mine.pk}/take-along/", "import/", "shared/wrong/"):
        page.set_viewport_size({"width": 320, "height": 740})
        page.goto(f"{live_server.url}/lists/{address}")
        whole(page)
