"""The prose editor under the strict policy: two hashes where it stands, nothing elsewhere."""

import os
import re
import shutil
from pathlib import Path

import django_prose_editor
import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore

from facts.admin.editor import EDITOR_STYLE_HASH, content_hash
from facts.models import FactVersion
from tests.factories import (
    DraftFactory,
    GlossaryTermFactory,
    PageFactory,
    QuestionFactory,
    SourceFactory,
    TopicFactory,
    make_live,
)


def policy(response):
    """Return the directives of a response, each with its list of sources."""
    return {
        name: sources
        for name, *sources in (
            part.split() for part in response["Content-Security-Policy"].split(";")
        )
    }


def test_style_of_the_editor_is_the_one_that_is_allowed():
    script = Path(django_prose_editor.__file__).parent / "static/django_prose_editor/editor.js"

    style = re.search(r"`(\.ProseMirror \{.*?)`", script.read_text(), re.DOTALL)[1]

    assert "\\" not in style
    assert "${" not in style
    assert content_hash(style) == EDITOR_STYLE_HASH


@pytest.mark.django_db
class TestPolicy:
    def test_page_with_the_editor_allows_its_map_and_its_style(self, client, editor):
        client.force_login(editor)
        topic, page = TopicFactory(), PageFactory()
        draft = DraftFactory(author=editor)

        for address in (
            "/admin/facts/topic/add/",
            f"/admin/facts/topic/{topic.pk}/change/",
            f"/admin/facts/topic/{topic.pk}/history/{topic.history.get().pk}/",
            f"/admin/facts/page/{page.pk}/change/",
            f"/admin/facts/factversion/{draft.pk}/change/",
        ):
            response = client.get(address)
            import_map = re.search(
                r'<script type="importmap">(.*?)</script>', response.content.decode()
            )[1]
            allowed = policy(response)
            assert allowed["script-src"] == ["'self'", content_hash(import_map)], address
            assert allowed["style-src"] == ["'self'", EDITOR_STYLE_HASH], address

    def test_every_other_page_allows_nothing_inline(self, client, editor):
        client.force_login(editor)
        live, source = make_live(), SourceFactory()

        for address in (
            "/admin/",
            "/admin/facts/topic/",
            "/admin/facts/fact/",
            "/admin/facts/fact/add/",
            f"/admin/facts/fact/{live.fact_id}/change/",
            f"/admin/facts/factversion/{live.pk}/change/",
            f"/admin/facts/factversion/{live.pk}/preview/",
            f"/admin/facts/topic/{live.fact.topic_id}/history/",
            f"/admin/facts/source/{source.pk}/change/",
        ):
            response = client.get(address)
            assert response.status_code == 200
            allowed = policy(response)
            assert allowed["script-src"] == ["'self'"], address
            assert allowed["style-src"] == ["'self'"], address
            page = response.content.decode()
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", page), address


@pytest.fixture
def desk(browser_type, live_server, editor):
    """A page of a real browser, signed in as an editor, that notes what the policy refuses."""
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next(filter(None, map(shutil.which, names)), None)
    if chromium is None and os.environ.get("CI"):
        pytest.fail("No Chromium was found, and in CI nothing may be skipped.")
    if chromium is None:
        pytest.skip("No Chromium was found: the browser tests are skipped.")
    launched = browser_type.launch(executable_path=chromium, args=["--no-sandbox"])
    context = launched.new_context(viewport={"width": 768, "height": 1000})
    session = SessionStore()
    session["_auth_user_id"] = str(editor.pk)
    session["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
    session["_auth_user_hash"] = editor.get_session_auth_hash()
    session.save()
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key}
    context.add_cookies([{**cookie, "url": live_server.url}])
    context.add_init_script(
        "window.refused = [];"
        "document.addEventListener('securitypolicyviolation',"
        " e => window.refused.push(e.violatedDirective + ' ' + e.blockedURI));"
    )
    page = context.new_page()
    yield page
    launched.close()


# What a word processor puts on the clipboard: its own styles, classes, tags and comments.
FROM_WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head>
<style>p.MsoNormal {margin:0; font-family:Calibri;}</style></head><body lang=EN-US>
<!--StartFragment--><h3 style='color:#2E74B5'>What to ask<o:p></o:p></h3>
<p class=MsoNormal style='margin-bottom:8pt'><span style='color:red'>Ask <b>early</b>.</span>
<o:p></o:p></p><ul type=disc><li class=MsoListParagraph><font face="Arial">First</font></li></ul>
<script>alert(1)</script><img src="file:///c:/pic.png"><!--EndFragment--></body></html>"""


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInABrowser:
    def test_pages_run_under_the_policy(self, desk, live_server, editor):
        draft, live, page = DraftFactory(author=editor), make_live(), PageFactory()
        term, question = GlossaryTermFactory(), QuestionFactory()
        source = SourceFactory()
        topic = live.fact.topic_id
        elsewhere, broken = [], []
        desk.on(
            "request",
            lambda r: (
                None if r.url.startswith((live_server.url, "data:")) else elsewhere.append(r.url)
            ),
        )
        desk.on("pageerror", lambda error: broken.append(str(error)))

        for path in (
            "",
            "facts/topic/",
            f"facts/topic/{topic}/change/",
            f"facts/topic/{topic}/history/",
            "facts/fact/",
            f"facts/fact/add/?topic={topic}",
            f"facts/fact/{live.fact_id}/change/",
            f"facts/fact/{live.fact_id}/start/",
            "facts/factversion/",
            f"facts/factversion/{draft.pk}/change/",
            f"facts/factversion/{draft.pk}/submit/",
            f"facts/factversion/{draft.pk}/delete/",
            f"facts/factversion/{live.pk}/change/",
            f"facts/source/{source.pk}/change/",
            f"facts/glossaryterm/{term.pk}/change/",
            f"facts/question/{question.pk}/change/",
            f"facts/page/{page.pk}/change/",
        ):
            answer = desk.goto(f"{live_server.url}/admin/{path}")
            desk.wait_for_timeout(50)
            assert answer.status == 200, path
            assert desk.evaluate("window.refused") == [], path
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert desk.evaluate(wide) <= 0, path

        assert (elsewhere, broken) == ([], [])

    def test_editor_writes_and_keeps_links_to_the_glossary(self, desk, live_server, editor):
        draft = DraftFactory(
            author=editor, body='<p>A <a href="/glossary/#biopsy">biopsy</a> is a test.</p>'
        )
        desk.goto(f"{live_server.url}/admin/facts/factversion/{draft.pk}/change/")
        text = desk.locator(".ProseMirror[contenteditable]")
        text.click()
        desk.keyboard.press("Control+End")
        desk.keyboard.type(" It is ")
        desk.keyboard.press("Control+b")
        desk.keyboard.type("short")
        name = text.get_attribute("aria-label")

        desk.get_by_role("button", name="Save draft").click()
        desk.wait_for_selector(".messagelist")

        assert name == "Text"
        assert desk.evaluate("window.refused") == []
        assert FactVersion.objects.get(pk=draft.pk).body == (
            '<p>A <a href="/glossary/#biopsy">biopsy</a> is a test. '
            "It is <strong>short</strong></p>"
        )

    def test_text_pasted_from_word_comes_out_clean(self, desk, live_server, editor):
        draft = DraftFactory(author=editor, body="")
        desk.goto(f"{live_server.url}/admin/facts/factversion/{draft.pk}/change/")
        desk.locator(".ProseMirror[contenteditable]").click()
        desk.evaluate(
            """html => {
                const data = new DataTransfer();
                data.setData("text/html", html);
                document.querySelector(".ProseMirror[contenteditable]").dispatchEvent(
                    new ClipboardEvent("paste", {clipboardData: data, bubbles: true}));
            }""",
            FROM_WORD,
        )

        desk.get_by_role("button", name="Save draft").click()
        desk.wait_for_selector(".messagelist")

        assert desk.evaluate("window.refused") == []
        assert FactVersion.objects.get(pk=draft.pk).body == (
            "<h3>What to ask</h3><p>Ask <strong>early</strong>.</p><ul><li><p>First</p></li></ul>"
        )
