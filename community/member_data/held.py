"""What is held about a member: every column that belongs to one, or points to one.

A member's copy is made from these lists, so it holds what they hold. A test walks all tables of
the portal: a table or column that is new, and in none of the lists, fails it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.models import EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.db.models import Model, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from community.fields import UndecipherableText
from community.keeping.cleared_notes import cleared_note_in
from community.keeping.saving import unsaved_notes_in
from community.models import (
    AppointmentSheet,
    CalendarFeed,
    ChangeNotice,
    Event,
    ListImport,
    Member,
    ReadingList,
    SavedItem,
    SharedList,
    SharedNote,
    SheetQuestion,
    Suggestion,
)
from facts.choices import Sensitivity
from facts.forms.preferences import in_words
from facts.preferences import Preferences

# Under this kind, an event is about the account whose number is its key.
MEMBER_KIND = "member"

_COUNTS_ROWS = _("A number by which the portal finds the row. It says nothing about you.")
_POINTS_TO_YOU = _("It says that the row is yours.")
_IS_A_KEY = _("Whoever has it can use your account, so it never leaves the portal.")


@dataclass(frozen=True)
class Shown:
    """A column that is in the copy, as `key`; without it, under its own name.

    `value` makes of a row what is shown; without it, that is what the column holds. `without`
    says what of the column is left out, and why.
    """

    label: Any
    value: Callable[[Any], Any] | None = None
    key: str = ""
    without: Any = ""


@dataclass(frozen=True)
class LeftOut:
    """A column that is not in the copy, and why."""

    reason: Any


@dataclass(frozen=True)
class Part:
    """Rows of one table that belong to a member, and what of each is in the copy."""

    key: str
    title: Any
    model: str
    rows: Callable[[Any], Iterable[Any]]
    columns: Mapping[str, Shown | LeftOut]
    is_one: bool = False

    @property
    def shown(self) -> Iterator[tuple[str, Shown, str]]:
        """What is in the copy: its key there, how it is shown, and the column."""
        for column, how in self.columns.items():
            if isinstance(how, Shown):
                yield how.key or column, how, column

    def of(self, row: Any) -> dict[str, Any]:
        """Return what is shown of `row`."""
        return {
            key: how.value(row) if how.value else getattr(row, column)
            for key, how, column in self.shown
        }


def _note(row: ReadingList | SavedItem) -> str | None:
    """Return the note in the clear, or None if the present keys do not open it."""
    try:
        return str(row.note)
    except UndecipherableText:
        return None


def item_key(item: SavedItem) -> str:
    """Return what names the saved thing in an address, and so in an import."""
    if item.fact:
        return f"{item.fact.topic.slug}/{item.fact.slug}"
    return str(item.target.slug)


def _words(row: Any, column: str) -> str | None:
    """Return an encrypted text in the clear, or None if the present keys do not open it."""
    try:
        return str(getattr(row, column) or "")
    except UndecipherableText:
        return None


def _question(row: SheetQuestion) -> str | None:
    """Return a question that goes on a sheet; a sensitive one is named by its address alone."""
    if row.question is None:
        return _words(row, "text")
    return row.question.text if row.question.sensitivity == Sensitivity.NONE else ""


def _how_it_is_read(member: Member) -> str:
    """Return in words what was chosen, or "" if nothing ever was."""
    chosen = member.preferences
    return in_words(Preferences.parse(chosen)) if chosen else ""


def _factor_name(factor: Authenticator) -> str:
    return str(factor.data.get("name", "")) if factor.type == Authenticator.Type.WEBAUTHN else ""


def _permission_name(row: Any) -> str:
    permission: Permission = row.permission
    return f"{permission.content_type.app_label}.{permission.codename}"


def notes_in_sessions(member: Member) -> Iterator[str]:
    """Yield what `member` typed as a note while a session was over, and has not saved since.

    Also the note that was emptied last, which can still be put back.
    """
    keys = UserSession.objects.filter(user=member).values("session_key")
    for session in Session.objects.filter(session_key__in=keys):
        held = session.get_decoded()
        yield from (note.text for note in unsaved_notes_in(held))
        if text := cleared_note_in(held):
            yield text


def suggestions_to_answer(address: str) -> Iterator[Suggestion]:
    """Yield the suggestions whose one answer goes to `address`; they are looked through."""
    # What is encrypted cannot be compared, but an empty text is kept as it is.
    stored = Cast("reply_address", TextField())
    waiting = Suggestion.objects.annotate(stored=stored).exclude(stored="")
    for suggestion in waiting.iterator(chunk_size=500):
        try:
            if suggestion.reply_address.strip().lower() == address.lower():
                yield suggestion
        except UndecipherableText:
            continue


ACCOUNT = Part(
    "account",
    _("Your account"),
    "community.Member",
    lambda member: [member],
    {
        "id": Shown(_("Number"), str, key="number"),
        "email": Shown(_("Email address")),
        "display_name": Shown(_("What we call you")),
        "password": LeftOut(
            _("It is kept scrambled, and even scrambled it is worth guarding. You know it.")
        ),
        "joined_at": Shown(_("Account made")),
        "last_login": Shown(_("Last sign-in")),
        "is_active": Shown(_("Switched on")),
        "is_staff": Shown(_("Works here")),
        "is_superuser": Shown(_("Is an administrator")),
        "preferences": Shown(_("How you read"), _how_it_is_read),
        "language": Shown(_("Your language")),
        "mail_about_changes": Shown(_("Mail about what you saved")),
        "mail_bounced_on": Shown(_("Since then, mail to you comes back")),
        "idle_notices": Shown(_("Mails that said that the account is not used")),
        "idle_noticed_on": Shown(_("Day of the last of them")),
        "emptied_on": LeftOut(_("It is set when an account is emptied; then there is no copy.")),
    },
    is_one=True,
)
ITEMS = Part(
    "items",
    _("What is on it"),
    "community.SavedItem",
    lambda reading_list: reading_list.saved_items.all(),
    {
        "id": LeftOut(_COUNTS_ROWS),
        "reading_list": LeftOut(_("It stands under its list.")),
        "position": Shown(_("Place on the list")),
        # Whichever of the three it is; the other two are empty.
        "topic": Shown(_("Kind"), lambda item: item.kind, key="kind"),
        "fact": Shown(_("Name in addresses"), item_key, key="key"),
        "group": Shown(_("Title"), lambda item: item.card.heading, key="title"),
        "note": Shown(_("Your note"), _note),
        "note_number": Shown(_("How often the note was saved"), key="note_saves"),
        "read_at": Shown(_("Marked as read")),
        "archived_at": Shown(_("Archived")),
        "seen_version": Shown(
            _("Version of the fact that you saw"),
            lambda item: item.seen_version.number if item.seen_version else None,
        ),
        "seen_at": Shown(_("Last seen by you")),
        "created_at": Shown(_("Saved"), key="saved_at"),
    },
)
LISTS = Part(
    "reading_lists",
    _("Your lists"),
    "community.ReadingList",
    lambda member: member.reading_lists.all(),
    {
        "id": Shown(_("Number in addresses"), lambda row: str(row.pk)),
        "member": LeftOut(_POINTS_TO_YOU),
        "title": Shown(_("Title")),
        "is_default": Shown(_("What you save goes here")),
        "note": Shown(_("Your note"), _note),
        "note_number": Shown(_("How often the note was saved"), key="note_saves"),
        "archived_at": Shown(_("Archived")),
        "created_at": Shown(_("Made")),
        "edited_at": Shown(_("Last changed")),
    },
)
PARTS = (
    ACCOUNT,
    LISTS,
    ITEMS,
    Part(
        "appointment_sheets",
        _("Your sheets for appointments"),
        "community.AppointmentSheet",
        lambda member: AppointmentSheet.objects.filter(reading_list__member=member).order_by("pk"),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "reading_list": Shown(_("List"), lambda row: str(row.reading_list_id), key="list"),
            "appointment_on": Shown(_("Day of the appointment")),
            "paper": Shown(_("Paper")),
        },
    ),
    Part(
        "sheet_questions",
        _("Your questions for appointments"),
        "community.SheetQuestion",
        lambda member: (
            SheetQuestion.objects.filter(reading_list__member=member)
            .select_related("question")
            .order_by("reading_list", "position", "pk")
        ),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "reading_list": Shown(_("List"), lambda row: str(row.reading_list_id), key="list"),
            "question": Shown(
                _("Name in addresses"),
                lambda row: row.question.slug if row.question else "",
                key="key",
            ),
            "text": Shown(_("Question"), _question, key="question"),
            "position": Shown(_("Place on the list")),
            "top_place": Shown(_("Place among the first")),
            "is_chosen": Shown(_("On the sheet")),
            "answer": Shown(_("Answer"), lambda row: _words(row, "answer")),
            "answer_number": Shown(_("How often the answer was saved"), key="answer_saves"),
        },
    ),
    Part(
        "shared_lists",
        _("Links under which others read your lists"),
        "community.SharedList",
        lambda member: SharedList.objects.filter(reading_list__member=member).order_by("pk"),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "reading_list": Shown(_("List"), lambda row: str(row.reading_list_id), key="list"),
            "secret_hash": LeftOut(_IS_A_KEY),
            "created_at": Shown(_("Made")),
            "expires_at": Shown(_("Ends")),
        },
    ),
    Part(
        "shared_notes",
        _("Notes that others may read under a link"),
        "community.SharedNote",
        lambda member: (
            SharedNote.objects.filter(shared_list__reading_list__member=member)
            .select_related("shared_list", "item__topic", "item__fact__topic", "item__group")
            .order_by("pk")
        ),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "shared_list": Shown(
                _("List"), lambda row: str(row.shared_list.reading_list_id), key="list"
            ),
            "item": Shown(_("Name in addresses"), lambda row: item_key(row.item), key="key"),
            "note_number": Shown(_("How often the note had been saved"), key="note_saves"),
        },
    ),
    Part(
        "list_imports",
        _("Lists that you read in from a file"),
        "community.ListImport",
        lambda member: ListImport.objects.filter(member=member),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "member": LeftOut(_POINTS_TO_YOU),
            "content": LeftOut(_("It is what your own file says, and it goes within an hour.")),
            "created_at": Shown(_("Read in")),
        },
    ),
    Part(
        "consents",
        _("What you agreed to"),
        "community.Consent",
        lambda member: member.consents.all(),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "member": LeftOut(_POINTS_TO_YOU),
            "version": Shown(_("Version of the words")),
            "given_at": Shown(_("Agreed")),
            "withdrawn_at": Shown(_("Taken back")),
        },
    ),
    Part(
        "calendar_addresses",
        _("Your calendar address"),
        "community.CalendarFeed",
        lambda member: CalendarFeed.objects.filter(member=member),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "member": LeftOut(_POINTS_TO_YOU),
            "secret": LeftOut(_("Whoever has it reads your calendar. It stands on its own page.")),
            "secret_hash": LeftOut(_IS_A_KEY),
            "is_neutral": Shown(_("Neutral titles")),
            "holds_ways_in": Shown(_("With how to join")),
            "created_at": Shown(_("Made")),
        },
    ),
    Part(
        "change_notices",
        _("Mails that said that something has changed"),
        "community.ChangeNotice",
        lambda member: ChangeNotice.objects.filter(member=member),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "member": LeftOut(_POINTS_TO_YOU),
            "secret": LeftOut(_("Whoever has it can stop these mails. It stands in each of them.")),
            "secret_hash": LeftOut(_IS_A_KEY),
            "told_at": Shown(_("Day of the last of them")),
        },
    ),
    Part(
        "email_addresses",
        _("Email addresses"),
        "account.EmailAddress",
        lambda member: member.emailaddress_set.order_by("pk"),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "user": LeftOut(_POINTS_TO_YOU),
            "email": Shown(_("Address")),
            "verified": Shown(_("Confirmed")),
            "primary": Shown(_("In use")),
        },
    ),
    Part(
        "confirmations",
        _("Confirmations that were asked for"),
        "account.EmailConfirmation",
        lambda member: EmailConfirmation.objects.filter(email_address__user=member).order_by("pk"),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "email_address": Shown(_("Address"), lambda row: row.email_address.email),
            "created": Shown(_("Asked for")),
            "sent": Shown(_("Sent")),
            "key": LeftOut(_IS_A_KEY),
        },
    ),
    Part(
        "ways_to_sign_in",
        _("Passkeys and second step"),
        "mfa.Authenticator",
        lambda member: member.authenticator_set.order_by("pk"),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "user": LeftOut(_POINTS_TO_YOU),
            "type": Shown(_("Kind")),
            "data": Shown(_("Your name for it"), _factor_name, key="name", without=_IS_A_KEY),
            "created_at": Shown(_("Set up")),
            "last_used_at": Shown(_("Last used")),
        },
    ),
    Part(
        "signed_in",
        _("Where you are signed in"),
        "usersessions.UserSession",
        lambda member: UserSession.objects.filter(user=member).order_by("pk"),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "user": LeftOut(_POINTS_TO_YOU),
            "created_at": Shown(_("Since")),
            "last_seen_at": Shown(_("Last seen")),
            "ip": Shown(_("Internet address")),
            "user_agent": Shown(_("Device")),
            "session_key": LeftOut(_IS_A_KEY),
            "data": Shown(_("More")),
        },
    ),
    Part(
        "unsaved_notes",
        _("Notes that are not saved yet, or were emptied just now"),
        "sessions.Session",
        notes_in_sessions,
        {
            "session_key": LeftOut(_IS_A_KEY),
            "session_data": Shown(
                _("Your note"),
                str,
                key="note",
                without=_("The rest keeps you signed in and is gone when you sign out."),
            ),
            "expire_date": LeftOut(_("It is the day on which the sign-in ends by itself.")),
        },
    ),
    Part(
        "copies",
        _("Copies like this one, within a day"),
        "community.DataExport",
        lambda member: member.data_exports.order_by("pk"),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "member": LeftOut(_POINTS_TO_YOU),
            "shape": Shown(_("Kind")),
            "secret_hash": LeftOut(_IS_A_KEY),
            "asked_at": Shown(_("Asked for")),
            "begun_at": Shown(_("Begun")),
            "ended_at": Shown(_("Done")),
        },
    ),
    Part(
        "suggestions_to_answer",
        _("Suggestions whose answer comes to your address"),
        "community.Suggestion",
        lambda member: suggestions_to_answer(member.email),
        {
            "reply_address": Shown(_("Address for the answer")),
            "kind": Shown(_("Kind")),
            "created_on": Shown(_("Sent")),
            "changes": Shown(_("What you said")),
            "joining": Shown(_("How to join, in your words")),
            "words": Shown(_("What else you said")),
        },
    ),
    Part(
        "staff_looked",
        _("What staff did with your account"),
        "community.Event",
        lambda member: Event.objects.filter(subject_kind=MEMBER_KIND, subject_key=str(member.pk)),
        {
            "at": Shown(_("When")),
            "action": Shown(_("What"), lambda event: str(event.get_action_display())),
            "detail": Shown(_("More")),
        },
    ),
    Part(
        "roles",
        _("Your roles"),
        "community.Member_groups",
        lambda member: Member.groups.through.objects.filter(member=member).select_related("group"),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "member": LeftOut(_POINTS_TO_YOU),
            "group": Shown(_("Role"), lambda row: row.group.name, key="role"),
        },
    ),
    Part(
        "permissions",
        _("Your further permissions"),
        "community.Member_user_permissions",
        lambda member: Member.user_permissions.through.objects.filter(member=member).select_related(
            "permission__content_type"
        ),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "member": LeftOut(_POINTS_TO_YOU),
            "permission": Shown(_("May"), _permission_name),
        },
    ),
    Part(
        "imports",
        _("Files that you read in as staff"),
        "community.ImportPreview",
        lambda member: apps.get_model("community.ImportPreview").objects.filter(member=member),
        {
            "id": LeftOut(_COUNTS_ROWS),
            "member": LeftOut(_POINTS_TO_YOU),
            "source": Shown(_("From")),
            "content": LeftOut(_("It is about support groups, not about you.")),
            "created_at": Shown(_("Read in")),
            "applied_at": Shown(_("Applied")),
            "counts": Shown(_("What was done")),
        },
    ),
)


@dataclass(frozen=True)
class Pointer:
    """A column by which a row of the portal names the member of staff who did something.

    `at` is the column that says when, if there is one.
    """

    words: Any
    at: str = ""


# Rows that belong to the portal. What they say is not about the member; that he or she did it is.
POINTERS: dict[str, dict[str, Pointer]] = {
    "facts.FactVersion": {
        "author": Pointer(_("wrote a version of a fact"), "created_at"),
        "approver": Pointer(_("approved a version of a fact"), "approved_at"),
    },
    "facts.Fact": {"owner": Pointer(_("looks after a fact"))},
    "facts.Event": {"actor": Pointer(_("did something with a version of a fact"), "happened_at")},
    "facts.Review": {"recorded_by": Pointer(_("recorded a review"), "recorded_at")},
    "facts.ReviewRequest": {"asked_by": Pointer(_("asked a clinician"), "sent_at")},
    "facts.Report": {"closed_by": Pointer(_("closed a reader’s report"), "closed_at")},
    "community.Event": {"actor": Pointer(_("did something at the desk"), "at")},
    "community.Suggestion": {
        "suggested_by": Pointer(_("sent a suggestion as staff"), "created_on"),
        "decided_by": Pointer(_("decided a suggestion"), "decided_at"),
    },
    "admin.LogEntry": {"user": Pointer(_("changed something at the desk"), "action_time")},
}

# Tables in which no column belongs to a member or points to one.
ABOUT_NO_MEMBER = frozenset(
    {
        "auth.Group",
        "auth.Group_permissions",
        "auth.Permission",
        "community.ImportedListing",
        "community.JoiningDetails",
        "community.Meeting",
        "community.MeetingException",
        "community.Occurrence",
        "community.Pause",
        "community.Place",
        "community.PlaceName",
        "community.PlaceSource",
        "community.Service",
        "community.SupportGroup",
        "community.Verification",
        "contenttypes.ContentType",
        "facts.Citation",
        "facts.FormerAddress",
        "facts.FormerTopicAddress",
        "facts.GlossaryTerm",
        "facts.Link",
        "facts.Page",
        "facts.Question",
        "facts.Question_facts",
        "facts.Source",
        "facts.Topic",
        "portal.ChangedAddress",
        "portal.EmptySearch",
        "portal.GivenUpMail",
        "portal.Job",
        "portal.PublicChange",
        "portal.SearchEntry",
        "portal.SearchWord",
        "portal.Synonym",
    }
)
# Columns that look as if they held something of a member, in tables that are not about members.
EXCUSED: dict[str, Any] = {
    "community.ImportedListing.content": _("What a file said of a support group."),
    "community.SupportGroup.public_contact": _("The group’s own address, for everybody."),
    "community.SupportGroup.staff_contact": _("The group’s own contact, for staff."),
    "community.SupportGroup.owner_email": _(
        "The address that an organizer gave for the group. It stays with the group."
    ),
    "community.Verification.secret_hash": _("Goes with a mail to the organizer of a group."),
    "portal.ChangedAddress.address": _("The address of a page that everybody can read."),
    "portal.Synonym.words": _("What staff say that people call a thing."),
    "portal.HistoricalSynonym.words": _("What staff said that people call a thing."),
    "facts.Report.words": _("Readers send it without an account."),
    "facts.Review.reviewer_name": _(
        "The printed name of a clinician, which belongs to the review."
    ),
    "facts.ReviewRequest.answerer_name": _(
        "The name that a clinician gave to be printed, which belongs to the review."
    ),
    "facts.ReviewRequest.secret_hash": _("Goes with a mail to a clinician."),
}
# Tables that are in no copy as a whole, by their names in the database.
EXCUSED_TABLES: dict[str, Any] = {
    "django_tasks_database_dbtaskresult": _(
        "Mails on their way to you and to others. A row goes within a minute after its mail."
    ),
    "django_migrations": _("Which changes the tables have been through."),
    "portal_cache": _("Counts tries to sign in, under a scrambled address, for two hours at most."),
    "portal_searchtext": _("The index of the search in public texts."),
}


def history_models() -> list[type[Model]]:
    """Return the tables of django-simple-history: former rows, each with who changed it."""
    return [model for model in apps.get_models() if hasattr(model, "history_user")]


def pointers() -> Iterator[tuple[type[Model], str, Pointer]]:
    """Yield every column by which a row of the portal names who did something."""
    for label, columns in POINTERS.items():
        for column, pointer in columns.items():
            yield apps.get_model(label), column, pointer
    for model in history_models():
        yield model, "history_user", Pointer(_("saved a change"), "history_date")


def deeds(member: Member) -> Iterator[dict[str, Any]]:
    """Yield what `member` did here as staff: what, the number of the row, and when."""
    for model, column, pointer in pointers():
        columns = ["pk", *([pointer.at] if pointer.at else [])]
        rows = model._default_manager.filter(**{column: member.pk}).order_by("pk")
        for row in rows.values_list(*columns).iterator(chunk_size=1000):
            at: datetime | None = row[1] if pointer.at else None
            yield {
                "what": str(pointer.words),
                "where": str(model._meta.verbose_name),
                "number": str(row[0]),
                "at": at,
            }
