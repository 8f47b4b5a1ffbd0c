"""A text that staff sent to a clinician outside the house, and what came back."""

from datetime import datetime, timedelta
from typing import Any, Self

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from facts import review_links
from facts.choices import ClinicalAnswer, RequestState, RiskClass, Status
from facts.models.events import Event
from facts.models.versions import FactVersion

VALID_FOR = timedelta(days=14)
MOST_OPEN_PER_VERSION = 5
MOST_PER_PERSON_AND_DAY = 20
NAME_LENGTH = 120
NOTE_LENGTH = 2000


class RequestClosed(ValidationError):
    """A request that takes no answer (any more); `state` says why."""

    def __init__(self, state: RequestState) -> None:
        self.state = state
        super().__init__(_("This request takes no answer any more."), code="closed")


def may_ask(person: Any) -> bool:
    """Return whether the role of `person` includes asking clinicians."""
    return person.has_perm("facts.change_factversion") or person.has_perm(
        "facts.approve_factversion"
    )


def _require_asker(by: Any) -> None:
    if not may_ask(by):
        raise PermissionDenied(_now("Your role does not include this."))


class ReviewRequestQuerySet(models.QuerySet):
    def unanswered(self, at: datetime) -> Self:
        """Requests that were neither answered nor taken back, and have not expired at `at`.

        One of them may be closed all the same, by its text: `state()` knows.
        """
        return self.filter(answered_at__isnull=True, revoked_at__isnull=True, expires_at__gt=at)

    def answered_to(self, person: Any, since: datetime) -> Self:
        """Requests of `person` that were answered since `since`, the newest answer first."""
        found = self.filter(asked_by=person, answered_at__gte=since)
        return found.order_by("-answered_at", "-pk")

    def with_versions(self) -> Self:
        """Requests with what their state and their list need."""
        return self.select_related("version__fact__topic", "asked_by")


class ReviewRequest(models.Model):
    """One mail with one link to one clinician, who may answer once.

    The clinician's address is used for that mail and kept nowhere; of the link only a hash of its
    secret is kept. Whoever asked is barred from deciding the version, as its writers are.
    """

    # CASCADE: a draft that is deleted leaves no trail; nothing else of versions can be deleted.
    version = models.ForeignKey(
        "facts.FactVersion",
        models.CASCADE,
        related_name="review_requests",
        verbose_name=_("version"),
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    asked_of = models.CharField(_("asked"), max_length=NAME_LENGTH)
    sent_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("valid until"))
    secret_hash = models.CharField(max_length=64, editable=False)
    # The version's `edited_at` when it was sent: an answer to another text would be worth nothing.
    text_edited_at = models.DateTimeField(_("text as of"))
    answer = models.CharField(
        _("answer"), max_length=16, choices=ClinicalAnswer.choices, blank=True
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answerer_name = models.CharField(_("name"), max_length=NAME_LENGTH, blank=True)
    answerer_role = models.CharField(_("role"), max_length=NAME_LENGTH, blank=True)
    note = models.TextField(_("note"), blank=True, validators=[MaxLengthValidator(NOTE_LENGTH)])
    revoked_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    objects = ReviewRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at", "-pk"]
        verbose_name = _("question to a clinician")
        verbose_name_plural = _("questions to clinicians")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="facts_reviewrequest_one_secret", fields=["secret_hash"]),
            models.CheckConstraint(
                name="facts_reviewrequest_answer_known",
                condition=Q(answer__in=["", *ClinicalAnswer.values]),
            ),
            models.CheckConstraint(
                name="facts_reviewrequest_answer_is_whole",
                condition=Q(answer="", answered_at__isnull=True)
                | ~Q(answer="")
                & Q(answered_at__isnull=False)
                & ~Q(answerer_name="")
                & ~Q(answerer_role=""),
                violation_error_message=_("An answer has a name and a role."),
            ),
            models.CheckConstraint(
                name="facts_reviewrequest_change_has_note",
                condition=~Q(answer="change") | ~Q(note=""),
                violation_error_message=_("Say what should be changed."),
            ),
            models.CheckConstraint(
                name="facts_reviewrequest_answered_or_revoked",
                condition=Q(answered_at__isnull=True) | Q(revoked_at__isnull=True),
            ),
            models.CheckConstraint(
                name="facts_reviewrequest_ends_after_it_was_sent",
                condition=Q(expires_at__gt=F("sent_at")),
            ),
        ]

    def __str__(self) -> str:
        return _now("%(name)s, asked about %(version)s") % {
            "name": self.asked_of,
            "version": self.version,
        }

    @classmethod
    def find(cls, token: str) -> "ReviewRequest | None":
        """Return the request that a link's token opens, in whatever state, or None."""
        read = review_links.read_token(token)
        if read is None:
            return None
        pk, secret = read
        found = cls.objects.with_versions().filter(pk=pk).first()
        is_its = found is not None and constant_time_compare(
            found.secret_hash, review_links.hash_of(secret)
        )
        return found if is_its else None

    def state(self, at: datetime) -> RequestState:
        """Return where it stands at `at`, judged by its version as well."""
        version = self.version
        if self.answered_at is not None:
            return RequestState.ANSWERED
        if self.revoked_at is not None:
            return RequestState.REVOKED
        if version.status == Status.DRAFT or version.edited_at != self.text_edited_at:
            return RequestState.CHANGED
        is_decided_since = version.approved_at is not None and version.approved_at > self.sent_at
        if is_decided_since or not is_askable(version, at):
            return RequestState.DECIDED
        if at >= self.expires_at:
            return RequestState.EXPIRED
        return RequestState.WAITING

    @property
    def review_due(self) -> Any:
        """The day of the next review, if it is answered today: by the topic's risk class."""
        risk = RiskClass(self.version.fact.topic.risk_class)
        return timezone.localdate() + relativedelta(months=risk.months)

    # Steps: each checks who, when and what under a row lock, and writes its event.

    @classmethod
    def ask(cls, version: FactVersion, by: Any, *, asked_of: str) -> "tuple[ReviewRequest, str]":
        """Make a request, and return it with the secret of its link, which is not kept.

        Raises PermissionDenied; ValidationError if the version is neither in review nor seen by
        readers, or if too many have been asked.
        """
        _require_asker(by)
        if not asked_of.strip():
            raise ValidationError({"asked_of": _("Say whom you ask.")})
        with transaction.atomic():
            # Locked first, so that two requests at once are counted one after the other.
            get_user_model().objects.select_for_update(no_key=True).get(pk=by.pk)
            locked = version.locked()
            now = timezone.now()
            if not is_askable(locked, now):
                raise ValidationError(
                    _("Only a text that is in review, or that readers see, can be sent."),
                    code="decided",
                )
            cls._require_room(locked, by, now)
            secret = review_links.make_secret()
            request = cls.objects.create(
                version=locked,
                asked_by=by,
                asked_of=asked_of.strip(),
                sent_at=now,
                expires_at=now + VALID_FOR,
                secret_hash=review_links.hash_of(secret),
                text_edited_at=locked.edited_at,
            )
            version._note(Event.Verb.ASKED, by, now, request.asked_of)
        return request, secret

    @classmethod
    def _require_room(cls, version: FactVersion, by: Any, at: datetime) -> None:
        """Raise ValidationError if `by`, or anybody for `version`, has asked enough."""
        requests = cls.objects.unanswered(at).filter(version=version)
        waiting = [r for r in requests.with_versions() if r.state(at) == RequestState.WAITING]
        if len(waiting) >= MOST_OPEN_PER_VERSION:
            raise ValidationError(
                _("%(number)d clinicians have this text already. Wait, or take one request back.")
                % {"number": MOST_OPEN_PER_VERSION},
                code="full",
            )
        day_ago = at - timedelta(days=1)
        if cls.objects.filter(asked_by=by, sent_at__gt=day_ago).count() >= MOST_PER_PERSON_AND_DAY:
            raise ValidationError(
                _("You have asked %(number)d clinicians in one day. Please go on tomorrow.")
                % {"number": MOST_PER_PERSON_AND_DAY},
                code="often",
            )

    def record_answer(self, *, answer: str, name: str, role: str, note: str = "") -> None:
        """Keep the clinician's answer; an approval becomes a review of the version.

        Raises RequestClosed if it was answered, taken back or has expired, or if the text was
        changed or decided; ValidationError if something is missing.
        """
        name, role, note = name.strip(), role.strip(), note.strip()
        with transaction.atomic():
            version = self.version.locked()
            now = timezone.now()
            request = ReviewRequest.objects.select_for_update().get(pk=self.pk)
            request.version = version
            state = request.state(now)
            if state != RequestState.WAITING:
                raise RequestClosed(state)
            request.answer, request.answered_at = answer, now
            request.answerer_name, request.answerer_role, request.note = name, role, note
            request.full_clean(exclude=["version", "asked_by"])
            request.save(
                update_fields=["answer", "answered_at", "answerer_name", "answerer_role", "note"]
            )
            said = f"{name}, {role}"
            if answer == ClinicalAnswer.APPROVED:
                version._add_review(
                    None,
                    recorded_by=self.asked_by,
                    reviewer_name=name,
                    reviewer_role=role,
                    reviewed_on=timezone.localdate(now),
                    review_due=request.review_due,
                    note=note,
                )
            else:
                label = ClinicalAnswer(answer).label
                version._note(Event.Verb.ANSWERED, None, now, f"{said}: {label}. {note}".strip())
            self.refresh_from_db()

    def revoke(self, by: Any) -> None:
        """Take the request back: its link opens nothing any more.

        Raises PermissionDenied, or ValidationError if it was answered, taken back or has expired.
        """
        _require_asker(by)
        with transaction.atomic():
            version = self.version.locked()
            now = timezone.now()
            request = ReviewRequest.objects.select_for_update().get(pk=self.pk)
            request.version = version
            state = request.state(now)
            if state in {RequestState.ANSWERED, RequestState.REVOKED, RequestState.EXPIRED}:
                raise ValidationError(
                    _("There is nothing to take back: it is “%(state)s”."),
                    code="closed",
                    params={"state": state.label},
                )
            request.revoked_at = now
            request.save(update_fields=["revoked_at"])
            version._note(Event.Verb.REVOKED, by, now, request.asked_of)
            self.refresh_from_db()


def is_askable(version: FactVersion, at: datetime) -> bool:
    """Return whether a clinician may be asked about `version`: in review, or for readers."""
    return version.status == Status.IN_REVIEW or version.is_live(at) or version.is_scheduled(at)
