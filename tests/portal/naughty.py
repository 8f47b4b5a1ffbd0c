"""Text that has broken other people's programs, some thirty of each kind, all of our own making."""

# Each is short, so that several fit into one field. What a form may do with them: keep them as
# they are, or refuse them in words.
NAUGHTY = [
    "é e\u0301 ế",  # composed and combining
    "Z͑ͫ̓a̴l̵g̶o̷",
    "\u202eright to left\u202c",
    "שלום مرحبا",
    "zero\u200bwidth\u200djoin\u2060er",
    "\ufeffbom",
    "👩🏽‍⚕️👨‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "𝕿𝖍𝖊 ﬁ ﬀ ™ ℡",
    "ＦＵＬＬ　ｗｉｄｔｈ",
    "soft\u00adhy\u00adphen a\u00a0b",
    "\u0301alone",
    "İıſẞΣς",
    "x\x07bell\x1besc\x7f",
    "line\u2028sep\u2029par\x85nel",
    "1e309 -0 0x1F NaN",
    "٣٫١٤ ١٢ Ⅷ ½",
    "2026-02-30 25:61",
    "True None null []",
    "' OR 1=1; DROP TABLE x;--",
    "%_\\%' ESCAPE '",
    "<b onclick=x>&lt;&amp;&#60;",
    "</textarea></title><i>",
    "]]> --> <!-- <![CDATA[",
    "%s %(x)s %n {0.__class__}",
    "{{ 7|add:42 }}{% now 'Y' %}",
    "${7*7} #{7*7} <%= 7 %>",
    "`id` $(id) ; | & > /x",
    "../..\\..%2e%2e/etc",
    "CON NUL.txt aux:$DATA",
    "=1+1 @SUM(A1) +2 -3",
    "mailto:x javascript:x data:,",
    "a\tb  c   d",
]
LONG = "A word and 字 " * 1500
# Ways to begin a header of one's own.
HEADER_LINES = [
    f"x{end}{line}"
    for end in ("\r\n", "\n", "\r", "%0d%0a", "\u2028", "\x0b\r\n ", "嘊嘍")
    for line in ("X-Injected: 1", "Set-Cookie: injected=1", "Bcc: injected@example.org")
]
# Where `next` must never lead; tests/community/test_account_next.py has those near to our own host.
FOREIGN = [
    "https://evil.example", "http://evil.example/", "//evil.example", "///evil.example",
    "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
    "/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "\t//evil.example",
    " //evil.example", "\x00//evil.example", "\u200b//evil.example", "//evil.example\\@testserver",
    "//testserver@evil.example", "http://testserver@evil.example/", "http:evil.example",
    "http:/evil.example", "https:///evil.example", "//evil%E3%80%82example", "//evil。example",
    "//ⓔvil.example", "http://[::ffff:1.2.3.4]/", "//0x7f000001/", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>1</script>",
    "vbscript:x", "ftp://evil.example/", "/%09/evil.example", "/%5cevil.example",
    "/.evil.example/..//evil.example", "//evil.example/%2f..", "?//evil.example",
    "//%2fevil.example",
]  # fmt: skip
SQL = [
    "'", '"', "''", "';--", "' OR '1'='1", '" OR ""="', "1 OR 1=1", "1; SELECT 1", "1' AND 1=2--",
    "') OR ('1'='1", "admin'/*", "*/ OR 1=1 /*", "1 UNION SELECT NULL", "0x31", "CHAR(49)",
    "||'x'||", "%", "_", "\\", "%%%%", "\\%\\_", "a*", "*", "NEAR(a b)", "a AND", "OR", "NOT",
    "a:b", "(a", "a)", "^a", "{a}", "-a", "+a", "a b c " * 30, "'::text", "E'\\x00'", "$$x$$",
    "\u02bc OR 1=1", "'" * 300,
]  # fmt: skip
PATHS = [
    f"{up}{name}"
    for up in ("../", "../../../../", "..%2f..%2f", "..%252f..%252f", "....//....//", "..\\..\\",
               "%2e%2e/%2e%2e/", "..%c0%af..%c0%af", "/", "//", "./../", "..;/")
    for name in ("etc/passwd", "portal/settings.py", "db.sqlite3", "secret_key")
]  # fmt: skip
# Numbers and keys that no row has.
ODD_KEYS = [
    "-1", "0", str(2**63), str(2**63 - 1), str(2**64), "1" + "0" * 400, "١٢", "1.0", "1e3", "0x1",
    "１", "%20", "1%20", "%00", "1%00", "null", "undefined", "NaN", "true", "[]", "a" * 3000,
    "%ED%A0%80", "%FF", "'", "1'", "<b>", "..", "%2e%2e", "💡", "é",
    "00000000-0000-0000-0000-000000000000",
]  # fmt: skip
