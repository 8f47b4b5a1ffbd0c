"""A question to the organizer of a listing, by mail: is it still right? And what came back."""

from datetime import date, datetime, timedelta
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from community.care import verification_links
from community.care.freshness import WEEKS_TO_ANSWER
from community.models.events import Event
from community.models.groups import SupportGroup
from community.models.meetings import Pause
from community.models.worklist import REMIND_AFTER

VALID_FOR = timedelta(weeks=WEEKS_TO_ANSWER)
# Staff who press the button twice send one mail.
ASK_AGAIN_AFTER = timedelta(days=1)
# So many letters of a secret's hash name its mail.
ID_LENGTH = 40


class AskingClosed(ValidationError):
    """An asking that takes no answer (any more); `state` says why."""

    def __init__(self, state: "Verification.State") -> None:
        self.state = state
        super().__init__(_("This link takes no answer any more."), code="closed")


class How(models.TextChoices):
    """How somebody found out that a listing is right."""

    PHONE = "phone", _("by phone")
    MAIL = "mail", _("by mail")
    PAGE = "page", _("on the group’s own page")
    VISIT = "visit", _("in person")
    DESK = "desk", _("at the desk")
    LINK = "link", _("by the link in our mail")


class VerificationQuerySet(models.QuerySet):
    def open(self) -> Self:
        """Askings that nothing has closed yet; one of them may have expired."""
        return self.filter(
            answered_at__isnull=True, bounced_at__isnull=True, withdrawn_at__isnull=True
        )

    def unsettled(self) -> Self:
        """Askings of which staff have not said that nothing is left to do."""
        return self.filter(settled_at__isnull=True)

    def waiting(self, at: datetime) -> Self:
        """Askings that can be answered at `at`."""
        return self.open().filter(expires_at__gt=at)

    def silent(self, at: datetime) -> Self:
        """Askings to which nothing came back in time."""
        return self.open().unsettled().filter(expires_at__lte=at)

    def bounced(self) -> Self:
        """Askings whose mail did not arrive."""
        return self.unsettled().filter(answered_at__isnull=True, bounced_at__isnull=False)

    def disputed(self) -> Self:
        """Askings whose answer a moderator has to decide."""
        is_change = Q(answer=Verification.Answer.CHANGE, suggestion__decided_at__isnull=True)
        # A suggestion that is gone was decided long ago.
        is_change &= Q(suggestion__isnull=False)
        others = [Verification.Answer.ENDED, Verification.Answer.NOT_MINE]
        return self.unsettled().filter(is_change | Q(answer__in=others))

    def settle(self, at: datetime) -> None:
        """Note that nothing is left to do about these; a link that is open opens no more."""
        self.open().update(withdrawn_at=at)
        self.unsettled().update(settled_at=at)

    def make_room(self, at: datetime) -> None:
        """Let a newer asking take the place of these; what a moderator has to decide stays."""
        self.open().update(withdrawn_at=at)
        disputes = [Verification.Answer.CHANGE, Verification.Answer.ENDED]
        self.unsettled().exclude(answer__in=disputes).update(settled_at=at)

    def of_message(self, message_id: str) -> Self:
        """The asking whose mail, or whose reminder, had this Message-ID."""
        local = message_id.strip().removeprefix("<").partition("@")[0]
        if len(local) != ID_LENGTH:
            return self.none()
        return self.filter(Q(secret_hash__startswith=local) | Q(reminder_hash__startswith=local))

    def reminded_by(self, message_id: str) -> Self:
        """The asking whose reminder had this Message-ID."""
        local = message_id.strip().removeprefix("<").partition("@")[0]
        return self.of_message(message_id).filter(reminder_hash__startswith=local)


class Verification(models.Model):
    """One asking: a mail to the organizer, its one reminder, and the one answer to both.

    Of the links in the two mails only hashes of their secrets are kept. An asking is never
    changed afterwards but for what became of it.
    """

    class Answer(models.TextChoices):
        RIGHT = "right", _("Still right")
        CHANGE = "change", _("Something changes")
        PAUSED = "paused", _("Paused for a while")
        ENDED = "ended", _("Has ended")
        NOT_MINE = "not-mine", _("Not theirs, or no more mails")

    class State(models.TextChoices):
        """Where an asking stands; computed, never stored."""

        WAITING = "waiting", _("Waiting for an answer")
        ANSWERED = "answered", _("Answered")
        BOUNCED = "bounced", _("The mail came back")
        EXPIRED = "expired", _("No answer came")
        WITHDRAWN = "withdrawn", _("Not needed any more")

    group = models.ForeignKey(
        "community.SupportGroup",
        models.CASCADE,
        related_name="verifications",
        verbose_name=_("support group"),
    )
    sent_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("valid until"))
    secret_hash = models.CharField(max_length=64, editable=False)
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)
    reminder_hash = models.CharField(max_length=64, blank=True, editable=False)
    answer = models.CharField(_("answer"), max_length=16, choices=Answer.choices, blank=True)
    # What the organizer wants changed, if that is the answer; a moderator decides it.
    suggestion = models.OneToOneField(
        "community.Suggestion",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="verification",
        verbose_name=_("suggestion"),
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    bounced_at = models.DateTimeField(_("came back"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("taken back"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    objects = VerificationQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at", "-pk"]
        verbose_name = _("question to an organizer")
        verbose_name_plural = _("questions to organizers")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="community_verification_one_secret", fields=["secret_hash"]
            ),
            models.UniqueConstraint(
                name="community_verification_one_reminder_secret",
                fields=["reminder_hash"],
                condition=~Q(reminder_hash=""),
            ),
            models.UniqueConstraint(
                name="community_verification_one_open_per_group",
                fields=["group"],
                condition=Q(
                    answered_at__isnull=True, bounced_at__isnull=True, withdrawn_at__isnull=True
                ),
            ),
            models.CheckConstraint(
                name="community_verification_reminder_is_whole",
                condition=Q(reminded_at__isnull=True, reminder_hash="")
                | (Q(reminded_at__isnull=False) & ~Q(reminder_hash="")),
            ),
            models.CheckConstraint(
                name="community_verification_answer_known",
                condition=Q(answer__in=["", "right", "change", "paused", "ended", "not-mine"]),
            ),
            models.CheckConstraint(
                name="community_verification_answer_is_whole",
                condition=Q(answer="", answered_at__isnull=True)
                | (~Q(answer="") & Q(answered_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="community_verification_answered_or_withdrawn",
                condition=Q(answered_at__isnull=True) | Q(withdrawn_at__isnull=True),
            ),
            models.CheckConstraint(
                name="community_verification_ends_after_it_was_sent",
                condition=Q(expires_at__gt=F("sent_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}, {self.sent_at:%Y-%m-%d}"

    @classmethod
    def find(cls, token: str) -> "Verification | None":
        """Return the asking that a link's token opens, in whatever state, or None."""
        read = verification_links.read_token(token)
        if read is None:
            return None
        pk, secret = read
        found = cls.objects.select_related("group").filter(pk=pk).first()
        given = verification_links.hash_of(secret)
        is_its = found is not None and any(
            [
                constant_time_compare(found.secret_hash, given),
                constant_time_compare(found.reminder_hash, given),
            ]
        )
        return found if is_its else None

    def state(self, at: datetime) -> "Verification.State":
        """Return where it stands at `at`, judged by its listing as well."""
        if self.answered_at is not None:
            return self.State.ANSWERED
        if self.bounced_at is not None:
            return self.State.BOUNCED
        # A later asking takes an expired one back, which stays unanswered all the same.
        if self.withdrawn_at is not None and self.withdrawn_at < self.expires_at:
            return self.State.WITHDRAWN
        if at >= self.expires_at:
            return self.State.EXPIRED
        is_kept = SupportGroup.objects.to_be_kept(at).filter(pk=self.group_id).exists()
        return self.State.WAITING if is_kept else self.State.WITHDRAWN

    # Steps: each checks what it has to under the lock of the listing.

    @classmethod
    def ask(cls, group: SupportGroup, by: Any = None) -> "tuple[Verification, str]":
        """Make an asking, and return it with the secret of its link, which is not kept.

        Without `by`, nobody has pressed a button, and the listing must be due. Raises
        ValidationError if the organizer cannot be asked, or not now.
        """
        with transaction.atomic():
            locked = lock(group)
            now = timezone.now()
            _require_askable(locked, by, now)
            secret = verification_links.make_secret()
            cls.objects.filter(group=locked).make_room(now)
            asking = cls.objects.create(
                group=locked,
                sent_at=now,
                expires_at=now + VALID_FOR,
                secret_hash=verification_links.hash_of(secret),
            )
            if by is not None:
                _note(Event.Action.ORGANIZER_ASKED, locked, by, now)
        return asking, secret

    def remind(self) -> str | None:
        """Note the one reminder, and return the secret of its link; None if it is not wanted."""
        with transaction.atomic():
            group = lock(self.group)
            now = timezone.now()
            asking = Verification.objects.get(pk=self.pk)
            asking.group = group
            is_early = now < asking.sent_at + REMIND_AFTER
            if asking.reminded_at or is_early or asking.state(now) != self.State.WAITING:
                return None
            secret = verification_links.make_secret()
            asking.reminded_at = now
            asking.reminder_hash = verification_links.hash_of(secret)
            asking.save(update_fields=["reminded_at", "reminder_hash"])
            self.refresh_from_db()
        return secret

    def record_answer(
        self, answer: str, *, paused_until: date | None = None, suggestion: Any = None
    ) -> None:
        """Keep what the organizer says, and let it take effect.

        “Still right” and “paused” hold at once. That the group has ended is said on its page
        until a moderator has decided; a change waits for a moderator, since a link can be
        passed on. Raises AskingClosed if it takes no answer any more.
        """
        with transaction.atomic():
            group = lock(self.group)
            now = timezone.now()
            today = timezone.localdate(now)
            asking = Verification.objects.get(pk=self.pk)
            asking.group = group
            state = asking.state(now)
            if state != self.State.WAITING:
                raise AskingClosed(state)
            asking.answer, asking.answered_at, asking.suggestion = answer, now, suggestion
            asking.full_clean(exclude=["group"], validate_constraints=False)
            asking.save(update_fields=["answer", "answered_at", "suggestion"])
            if answer == self.Answer.PAUSED:
                Pause.objects.create(group=group, first_on=today, last_on=paused_until)
            if answer in {self.Answer.RIGHT, self.Answer.PAUSED}:
                record_check(group, today, How.LINK)
            elif answer == self.Answer.ENDED:
                group.reported_ended_on = today
                group.save(update_fields=["reported_ended_on"])
            elif answer == self.Answer.NOT_MINE:
                # Whoever does not want our mails does not want us to keep the address either.
                group.owner_email = ""
                group.save(update_fields=["owner_email"])
            self.refresh_from_db()

    def note_undelivered(self, message_id: str, *, is_refused: bool) -> None:
        """Note that a mail did not arrive: its address is wrong, or our own server was away.

        In the second case the asking is taken back, and the next run asks anew; a reminder that
        could not be sent is let go.
        """
        with transaction.atomic():
            lock(self.group)
            now = timezone.now()
            this = Verification.objects.open().filter(pk=self.pk)
            if is_refused:
                this.update(bounced_at=now)
            elif not Verification.objects.reminded_by(message_id).filter(pk=self.pk).exists():
                this.update(withdrawn_at=now)
            self.refresh_from_db()


def lock(group: SupportGroup) -> SupportGroup:
    """Return `group` as it is now, locked until the transaction ends."""
    return SupportGroup.objects.select_for_update(no_key=True).get(pk=group.pk)


def record_check(group: SupportGroup, on: date, how: str, by: Any = None) -> None:
    """Note that somebody confirmed the listing on the day `on`; an earlier day moves nothing back.

    The day of the last edit stays. What was asked before is settled by it.
    """
    with transaction.atomic():
        locked = lock(group)
        now = timezone.now()
        if locked.checked_on is None or locked.checked_on < on:
            locked.checked_on = on
        locked.reported_ended_on = None
        locked.save(update_fields=["checked_on", "reported_ended_on"])
        Verification.objects.filter(group=locked).settle(now)
        _note(Event.Action.GROUP_CHECKED, locked, by, now, How(how).value)
        group.checked_on, group.reported_ended_on = locked.checked_on, None


def record_end(group: SupportGroup, on: date, by: Any) -> None:
    """Note that nobody meets any more from the day `on`, as a moderator has found out."""
    with transaction.atomic():
        locked = lock(group)
        now = timezone.now()
        locked.ended_on, locked.reported_ended_on = on, None
        locked.save(update_fields=["ended_on", "reported_ended_on", "edited_at"])
        Verification.objects.filter(group=locked).settle(now)
        _note(Event.Action.GROUP_ENDED, locked, by, now)


def record_return(group: SupportGroup, by: Any) -> bool:
    """Note that the last mail came back, as staff have seen; return whether there was one."""
    with transaction.atomic():
        locked = lock(group)
        now = timezone.now()
        last = Verification.objects.open().filter(group=locked).first()
        if last is None:
            return False
        Verification.objects.filter(pk=last.pk).update(bounced_at=now, settled_at=None)
        _note(Event.Action.MAIL_CAME_BACK, locked, by, now)
    return True


def settle(group: SupportGroup, by: Any) -> bool:
    """Note that nothing is left to do about what was asked; return whether anything was.

    Raises ValidationError if the organizer said that the group has ended: that is decided.
    """
    with transaction.atomic():
        locked = lock(group)
        if locked.reported_ended_on:
            raise ValidationError(
                _("Say whether it has ended, or mark it as checked."), code="ended"
            )
        now = timezone.now()
        left = Verification.objects.filter(group=locked).unsettled()
        if not left.exists():
            return False
        Verification.objects.filter(group=locked).settle(now)
        _note(Event.Action.QUESTION_SETTLED, locked, by, now)
    return True


def forget_old_address(group: SupportGroup) -> None:
    """Close what was asked at an address that is not the organizer's any more."""
    with transaction.atomic():
        locked = lock(group)
        Verification.objects.filter(group=locked).make_room(timezone.now())


def _require_askable(group: SupportGroup, by: Any, at: datetime) -> None:
    """Raise ValidationError unless the organizer of `group` can be asked at `at`."""
    if not SupportGroup.objects.to_be_kept(at).filter(pk=group.pk).exists():
        raise ValidationError(
            _("It is not on the site, has ended, or is an example."), code="not_kept"
        )
    if not group.owner_email:
        raise ValidationError(_("The organizer’s address is not known."), code="no_address")
    if by is None:
        if not SupportGroup.objects.to_ask(at).filter(pk=group.pk).exists():
            raise ValidationError(_("It is not due."), code="not_due")
        return
    recent = Verification.objects.filter(group=group, sent_at__gt=at - ASK_AGAIN_AFTER)
    if recent.filter(bounced_at__isnull=True, withdrawn_at__isnull=True).exists():
        raise ValidationError(
            _("The organizer was asked within the last day. Please wait for an answer."),
            code="recent",
        )


def _note(action: str, group: SupportGroup, by: Any, at: datetime, detail: str = "") -> None:
    Event.objects.create(
        at=at,
        actor=by,
        action=action,
        subject_kind="group",
        subject_key=str(group.pk),
        detail=detail,
    )
