"""The finder of wrong markup finds it, and nothing on a sound page."""

import pytest

from tests.markup import faults_of

SOUND = (
    '<!doctype html><html lang="en"><head><title>T</title></head><body><main><h1>H</h1>{}</main>'
    "</body></html>"
)


def test_sound_page_has_no_fault():
    sound = (
        '<p id="a">A &amp; <a href="?a=1&amp;b=2">b</a><br>c</p><ul><li>d</li></ul>'
        '<dl><div><dt>e</dt><dd><p>f</p></dd></div></dl><label>g <input name="h"></label>'
        '<a href="#a"><div>i</div></a><details><summary>j</summary><p>k</p></details>'
        '<svg viewBox="0 0 1 1"><path d="M0 0"/></svg>'
    )

    assert faults_of(SOUND.format(sound)) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("<p><div>a</div></p>", "<div> within <p>"),
        ("<h2><p>a</p></h2>", "<p> within <h2>"),
        ("<ul><p>a</p></ul>", "<p> within <ul>"),
        ("<ul>a</ul>", "words directly within <ul>"),
        ("<p>a", "</main> while open"),
        ("<b><i>a</b></i>", "</b> while open"),
        ('<a href="/"><a href="/">b</a></a>', "within <a>, which is pressed itself"),
        ('<button><a href="/">b</a></button>', "within <button>, which is pressed itself"),
        ('<p id="a">a</p><p id="a">b</p>', "id 'a' 2 times"),
        ('<p id="a" id="b">a</p>', "an attribute twice"),
        ('<label for="nothing">a</label>', "for='nothing' leads to nothing"),
        ('<a href="#nothing">a</a>', "href='nothing' leads to nothing"),
        ("<h1>again</h1>", "2 times <h1>"),
        ('<img src="/a.png">', "<img> has no alt"),
        ("<font>a</font>", "<font> within <main>"),
        ("<div/>", "<div/> closes nothing"),
        ("<p>a &copy b</p>", "&copy is no character"),
        ("<p>a &nothing; b</p>", "&nothing; is no character"),
    ],
)
def test_fault_is_found(wrong, words):
    assert words in str(faults_of(SOUND.format(wrong)))
