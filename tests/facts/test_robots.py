"""robots.txt as RFC 9309 reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.robots import Robots, parse_robots
from tests.yardstick import yardsticks

US = "WaymarkLinkCheck"


@pytest.mark.parametrize(
    ("rules", "path", "is_allowed"),
    [
        ("", "/", True),
        ("Disallow: /", "/x", False),
        ("Disallow:", "/x", True),
        ("Disallow: /a", "/b", True),
        ("Disallow: /a", "/abc", False),
        ("Disallow: /a\nAllow: /abc", "/abcd", True),
        ("Allow: /abc\nDisallow: /a", "/abx", False),
        ("Disallow: /a\nAllow: /a", "/a", True),
        ("Disallow: /*.pdf$", "/files/x.pdf", False),
        ("Disallow: /*.pdf$", "/files/x.pdf?y", True),
        ("Disallow: /*.pdf", "/files/x.pdf?y", False),
        ("Disallow: /a$", "/a", False),
        ("Disallow: /a$", "/ab", True),
        ("Disallow: *?session=", "/x?session=1", False),
        ("Disallow: /a*b*c", "/a-b-c-d", False),
        ("Disallow: /a*b*c", "/a-c-b", True),
        ("Disallow: /a*a$", "/a", True),
        ("Disallow: /caf%c3%a9", "/caf%C3%A9", False),
        ("Disallow: /café", "/caf%C3%A9", False),
        ("disallow : /x  # a comment", "/x", False),
        ("Disallow: /\nSitemap: https://x/\nDisallow: /y", "/z", False),
    ],
)
def test_longest_rule_decides(rules, path, is_allowed):
    robots = parse_robots(f"User-agent: *\n{rules}\n", US)

    assert robots.allows(path) is is_allowed


def test_group_of_our_name_is_the_only_one_that_counts():
    text = "\ufeffUser-agent: a\nUser-agent: waymarklinkcheck/2.0\nDisallow: /x\n\n"
    text += "User-agent: *\nDisallow: /\n\nUser-agent: WAYMARKLINKCHECK\nDisallow: /y"

    robots = parse_robots(text, US)

    assert [robots.allows(path) for path in ("/x", "/y", "/z")] == [False, False, True]


def test_group_of_another_is_none_of_ours():
    assert parse_robots("User-agent: Googlebot\nDisallow: /", US).allows("/")
    assert parse_robots("Disallow: /", US).allows("/")


@given(st.text(max_size=400), st.text(max_size=80))
def test_nothing_raises(text, path):
    assert parse_robots(text, US).allows(path) in {True, False}
    assert parse_robots(f"User-agent: *\nDisallow: {text}", US).allows(path) in {True, False}


@given(st.lists(st.sampled_from(["a", "b", "*", "$"]), max_size=12), st.text("ab$", max_size=12))
def test_patterns_fit_as_a_regular_expression_would(parts, path):
    import re

    pattern = "/" + "".join(parts)
    is_whole = pattern.endswith("$")
    body = pattern.removesuffix("$")
    expected = ".*".join(re.escape(part) for part in body.split("*")) + ("$" if is_whole else "")
    path = f"/{path}"

    allowed = Robots(((pattern, False),)).allows(path)

    assert allowed == (
        re.match(expected.removesuffix("$") + (r"\Z" if is_whole else ""), path) is None
    )


def test_hostile_pattern_takes_no_time():
    robots = parse_robots("User-agent: *\nDisallow: /" + "*a" * 5000 + "b$", US)

    assert yardsticks(lambda: robots.allows("/" + "a" * 2000)) < 20
