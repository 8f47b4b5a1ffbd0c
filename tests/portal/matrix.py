"""Who gets what at the desk and at allauth's pages: the part of the reviewed table that is theirs.

A row is an address and two answers, to GET and to an empty POST. An answer is one status for
everybody, three (a visitor, the owner, everybody else who is signed in), or seven, in the order of
ROLES. The owner and the other member are nobody at the desk: it sends them to its sign-in.
"""

from typing import Any

from tests.portal.world import ROLES, STAFF

Codes = int | tuple[int, ...]
Row = tuple[str, Codes, Codes]
LETTERS = dict(zip("ERMS", STAFF, strict=True))

# Who at the desk sees rows of a model (its list, a row's page, its history), who adds, who
# changes and who deletes them: Editor, Reviewer, Moderator, administrator (S). The first column
# names a row of the world, and those with an earlier wording are marked +.
ROOMS = {
    # model                 row              sees   adds   changes deletes
    "community.event":        ("event",         "S",   "",    "",    ""),
    "community.member":       ("member",        "S",   "",    "S",   ""),
    "community.service":      ("+service",      "EMS", "EMS", "EMS", "MS"),
    "community.suggestion":   ("suggestion",    "MS",  "",    "MS",  ""),
    "community.supportgroup": ("+group",        "MS",  "MS",  "MS",  "S"),
    "facts.event":            ("facts_event",   "ERS", "",    "",    ""),
    "facts.fact":             ("fact",          "ERS", "ES",  "ES",  "S"),
    "facts.factversion":      ("draft",         "ERS", "",    "ERS", "ES"),
    "facts.glossaryterm":     ("+term",         "ERS", "ES",  "ES",  "S"),
    "facts.link":             ("link",          "ERS", "",    "",    ""),
    "facts.page":             ("+page",         "ERS", "",    "ES",  ""),
    "facts.question":         ("+question",     "ERS", "ES",  "ES",  "S"),
    "facts.report":           ("report",        "ERS", "",    "ERS", ""),
    "facts.review":           ("review",        "ERS", "",    "",    ""),
    "facts.reviewrequest":    ("asked",         "ERS", "",    "",    ""),
    "facts.source":           ("+source",       "ERS", "ES",  "ES",  "S"),
    "facts.topic":            ("+topic",        "ERS", "ES",  "ES",  "S"),
    "portal.emptysearch":     ("empty_search",  "ERS", "",    "",    "ERS"),
    "portal.synonym":         ("+synonym",      "ERS", "ES",  "ES",  "ES"),
}  # fmt: skip


def at_desk(*answers: tuple[str, int], others: int = 403) -> tuple[int, ...]:
    """Return what each role gets: the status beside its letter, or `others`."""
    found = {LETTERS[letter]: status for letters, status in answers for letter in letters}
    return tuple(found.get(role, others) if role in STAFF else 302 for role in ROLES)


def _rooms() -> dict[str, Row]:
    rows = {}
    for label, (key, sees, adds, changes, deletes) in ROOMS.items():
        app, model = label.split(".")
        name, base = f"admin:{app}_{model}", f"/admin/{app}/{model}/"
        row = f"{base}{{{key.lstrip('+')}}}/"
        seen, added = at_desk((sees, 200)), at_desk((adds, 200))
        deleted = at_desk((deletes, 200))
        rows |= {
            f"{name}_changelist": (base, seen, seen),
            f"{name}_add": (f"{base}add/", added, added),
            f"{name}_change": (f"{row}change/", seen, at_desk((changes, 200))),
            f"{name}_history": (f"{row}history/", seen, seen),
            f"{name}_delete": (f"{row}delete/", deleted, deleted),
            # Django's old address of the page, which leads to the new one.
            f"admin:{app}/{model}/<path:object_id>/": (row, 302, 302),
        }
        if key.startswith("+"):
            earlier = f"{row}history/{{{key[1:]}_then}}/"
            rows[f"{name}_simple_history"] = (earlier, seen, seen)
    return rows


VERSION = "/admin/facts/factversion/{draft}/"
GROUPS = "/admin/community/supportgroup/"
DRAFT_IS_NOT_SENT_YET = 409
DESK: dict[str, Row] = {
    **_rooms(),
    "admin:index": ("/admin/", at_desk(others=200), at_desk(others=200)),
    "admin:app_list": ("/admin/facts/", *(at_desk(("ERS", 200), others=404),) * 2),
    "admin:(?P<url>.*)$": ("/admin/no-such-room/", at_desk(others=404), at_desk(others=404)),
    # Members have no business there, and staff are in already.
    "admin:login": ("/admin/login/", *((302, 403, 403, 302, 302, 302, 302),) * 2),
    "admin:logout": ("/admin/logout/", at_desk(others=200), at_desk(others=200)),
    "admin:password_change": ("/admin/password_change/", 302, 302),
    "admin:password_change_done": (
        "/admin/password_change/done/",
        at_desk(others=200),
        at_desk(others=405),
    ),
    "admin:autocomplete": (
        "/admin/autocomplete/?app_label=facts&model_name=fact&field_name=topic&term=a",
        at_desk(("ERS", 200)),
        at_desk(others=405),
    ),
    "admin:jsi18n": ("/admin/jsi18n/", at_desk(others=200), at_desk(others=405)),
    "admin:view_on_site": (
        "/admin/r/{type}/{topic}/",
        at_desk(("ERS", 302), others=404),
        at_desk(("ERS", 302), others=404),
    ),
    # The rooms of accounts: what was done stands on the account's own page.
    "admin:community_member_history": ("/admin/community/member/{member}/history/", 302, 302),
    "admin:community_member_change": (
        "/admin/community/member/{member}/change/",
        at_desk(("S", 200)),
        at_desk(("S", 302)),
    ),
    "admin:community_member_find": (
        "/admin/community/member/find/",
        at_desk(("S", 200)),
        at_desk(("S", 200)),
    ),
    "admin:community_member_step": (
        "/admin/community/member/{member}/do/way-in/",
        at_desk(("S", 200)),
        at_desk(("S", 302)),
    ),
    # Listings
    "admin:community_supportgroup_check": (
        f"{GROUPS}{{group}}/check/",
        at_desk(("MS", 200)),
        at_desk(("MS", 400)),
    ),
    "admin:community_supportgroup_import": (
        f"{GROUPS}import/",
        at_desk(("MS", 200)),
        at_desk(("MS", 200)),
    ),
    "admin:community_supportgroup_import_template": (
        f"{GROUPS}import/template.csv",
        at_desk(("MS", 200)),
        at_desk(others=405),
    ),
    "admin:community_supportgroup_import_columns": (
        f"{GROUPS}import/columns/",
        at_desk(("MS", 200)),
        at_desk(others=405),
    ),
    # Whoever read the file in sees it, and nobody else.
    "admin:community_supportgroup_import_preview": (
        f"{GROUPS}import/{{preview}}/",
        at_desk(("M", 200), ("S", 404)),
        at_desk(("M", 409), ("S", 404)),
    ),
    # Topics and facts. An empty POST to their moves says what is missing.
    "admin:facts_topic_move": ("/admin/facts/topic/{topic}/move/", *(at_desk(("RS", 200)),) * 2),
    "admin:facts_fact_move": ("/admin/facts/fact/{fact}/move/", *(at_desk(("RS", 200)),) * 2),
    "admin:facts_fact_start": (
        "/admin/facts/fact/{fact}/start/",
        at_desk(("ES", 200)),
        at_desk(("ES", 302)),
    ),
    # What is done with a wording.
    "admin:facts_factversion_submit": (
        f"{VERSION}submit/",
        at_desk(("ERS", 200)),
        at_desk(("ERS", 302)),
    ),
    "admin:facts_factversion_preview": (
        f"{VERSION}preview/",
        at_desk(("ERS", 200)),
        at_desk(others=405),
    ),
    "admin:facts_factversion_compare": (
        f"{VERSION}compare/",
        at_desk(("ERS", 200)),
        at_desk(others=405),
    ),
    "admin:facts_factversion_share": (f"{VERSION}share/", *(at_desk(("ERS", 200)),) * 2),
    "admin:facts_factversion_bench": (
        f"{VERSION}bench/",
        at_desk(others=405),
        at_desk(("ERS", 200)),
    ),
    **{
        f"admin:facts_factversion_{step}": (
            f"{VERSION}{step}/",
            *(at_desk((who, DRAFT_IS_NOT_SENT_YET)),) * 2,
        )
        for step, who in {
            "ask": "ERS",
            "return": "ERS",
            "approve": "RS",
            "reject": "RS",
            "review": "RS",
            "stands": "RS",
            "withdraw": "RS",
        }.items()
    },
    "admin:facts_reviewrequest_take_back": (
        "/admin/facts/reviewrequest/{asked}/take-back/",
        at_desk(("ERS", 200)),
        at_desk(("ERS", 302)),
    ),
}

# allauth's own pages, and those of ours that stand before them. Nobody here has proved anew who
# they are, and staff have an app for their second step.
ONLY_WITH_APP = (302, 404, 404, 302, 302, 302, 302)
ACCOUNTS: dict[str, Row] = {
    "community:sign-out": ("/accounts/logout/", (302, 200, 200), (302, 200, 200)),
    "account_logout": ("/accounts/logout/", (302, 200, 200), (302, 200, 200)),
    "community:confirm-email": ("/accounts/confirm-email/", 302, 302),
    "account_email_verification_sent": ("/accounts/confirm-email/", 302, 302),
    "community:confirm-login-code": ("/accounts/login/code/confirm/", 302, 302),
    "account_confirm_login_code": ("/accounts/login/code/confirm/", 302, 302),
    "community:session-list": ("/accounts/sessions/", (302, 200, 200), 302),
    "usersessions_list": ("/accounts/sessions/", (302, 200, 200), 302),
    "account_login": ("/accounts/login/", (200, 302, 302), (200, 302, 302)),
    "account_signup": ("/accounts/signup/", (200, 302, 302), (200, 302, 302)),
    "account_request_login_code": ("/accounts/login/code/", (200, 302, 302), (200, 302, 302)),
    "account_inactive": ("/accounts/inactive/", 200, 405),
    "account_reauthenticate": ("/accounts/reauthenticate/", (302, 200, 200), (302, 200, 200)),
    "account_email": ("/accounts/email/", (302, 200, 200), 302),
    "account_change_password": ("/accounts/password/change/", (302, 200, 200), (302, 200, 200)),
    "account_set_password": ("/accounts/password/set/", 302, 302),
    "account_reset_password": ("/accounts/password/reset/", 200, 200),
    "account_confirm_password_reset_code": ("/accounts/password/reset/confirm/", 302, 302),
    "account_complete_password_reset": ("/accounts/password/reset/complete/", 302, 302),
    "account_password_reset_completed": ("/accounts/password/reset/done/", 200, 405),
    "mfa_index": ("/accounts/2fa/", (302, 200, 200), (302, 405, 405)),
    "mfa_authenticate": ("/accounts/2fa/authenticate/", 302, 302),
    "mfa_reauthenticate": (
        "/accounts/2fa/reauthenticate/",
        *((302, 302, 302, 200, 200, 200, 200),) * 2,
    ),
    "mfa_activate_totp": ("/accounts/2fa/totp/activate/", 302, 302),
    "mfa_deactivate_totp": ("/accounts/2fa/totp/deactivate/", ONLY_WITH_APP, ONLY_WITH_APP),
    "mfa_view_recovery_codes": (
        "/accounts/2fa/recovery-codes/",
        ONLY_WITH_APP,
        (302, 405, 405),
    ),
    "mfa_generate_recovery_codes": ("/accounts/2fa/recovery-codes/generate/", 302, 302),
    "mfa_download_recovery_codes": (
        "/accounts/2fa/recovery-codes/download/",
        ONLY_WITH_APP,
        ONLY_WITH_APP,
    ),
    "mfa_list_webauthn": ("/accounts/2fa/webauthn/", (302, 200, 200), (302, 405, 405)),
    "mfa_add_webauthn": ("/accounts/2fa/webauthn/add/", 302, 302),
    "mfa_reauthenticate_webauthn": ("/accounts/2fa/webauthn/reauthenticate/", 302, 302),
    "mfa_remove_webauthn": ("/accounts/2fa/webauthn/keys/1/remove/", 302, 302),
    "mfa_edit_webauthn": ("/accounts/2fa/webauthn/keys/1/edit/", 302, 302),
    "mfa_login_webauthn": ("/accounts/2fa/webauthn/login/", 302, 302),
}


def of_role(codes: Any, role: str) -> int:
    """Return the status that `codes` name for `role`."""
    if isinstance(codes, int):
        return codes
    place = ROLES.index(role)
    return codes[place] if len(codes) == len(ROLES) else codes[min(place, 2)]
