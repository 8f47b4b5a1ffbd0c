"""The steps of a version's life as pages: what each asks, and what it says. The rules are the
model's; here they are put into words before anybody runs into them.
"""

from datetime import datetime
from typing import Any, ClassVar

from dateutil.relativedelta import relativedelta
from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from facts.admin.states import day_and_time
from facts.choices import ChangeKind, RiskClass, SourceFlag, Status
from facts.models import FactVersion
from facts.models.review_requests import NAME_LENGTH, is_askable, may_ask
from facts.review_mails import send_request


class TransitionForm(forms.Form):
    """What a step asks; it knows the version that it is about."""

    required_css_class = "required"

    def __init__(self, version: FactVersion, data: Any = None) -> None:
        self.version = version
        super().__init__(data)


class NoteForm(TransitionForm):
    """Asks for a note to the author."""

    note = forms.CharField(
        label=_("What should be changed?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The author reads it; readers never do."),
    )


class ReturnForm(NoteForm):
    """The same; whoever wrote the text has no note to give."""

    def __init__(self, version: FactVersion, data: Any = None, *, is_own: bool = False) -> None:
        super().__init__(version, data)
        if is_own:
            del self.fields["note"]


class RejectionForm(TransitionForm):
    """Asks why a text is refused."""

    note = forms.CharField(
        label=_("Why do you reject it?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Staff read it; readers never do."),
    )


class ReplacementField(forms.ModelChoiceField):
    """A fact that readers see now, by its topic and its neutral heading."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, to_field_name="fact_id", **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.fact.topic.title}: {obj.heading}"


class WithdrawalForm(TransitionForm):
    """Asks for the sentence that readers see in place of the fact."""

    reason = forms.CharField(
        label=_("Why, in one plain sentence"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Readers see it in place of the fact: The study it rests on was retracted."),
    )
    replaced_by = ReplacementField(
        label=_("Which fact answers the question now?"),
        queryset=FactVersion.objects.none(),
        required=False,
        empty_label=_("None"),
        help_text=_("Readers are shown the way to it, under its neutral heading."),
    )

    def __init__(self, version: FactVersion, data: Any = None) -> None:
        super().__init__(version, data)
        now = timezone.now()
        if not version.is_live(now):
            # One that readers have not seen yet has no place to fill.
            del self.fields["replaced_by"]
            return
        field: Any = self.fields["replaced_by"]
        field.queryset = (
            FactVersion.objects.live(now)
            .filter(language=version.language, fact__topic__published_at__lte=now)
            .exclude(fact=version.fact_id)
            .select_related("fact__topic")
            .order_by("fact__topic__position", "fact__topic__title", "fact__position", "pk")
        )
        self.initial["replaced_by"] = version.fact.replaced_by_id


class ApprovalForm(TransitionForm):
    """Asks what a later version changes, and when readers see it."""

    change_kind = forms.ChoiceField(
        label=_("What kind of change is it?"),
        choices=ChangeKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what kind of change it is.")},
    )
    change_note = forms.CharField(
        label=_("What changed, and why, in one plain sentence"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Readers see it in the history: The figure is now that of 2024."),
        error_messages={"required": _("Say in one sentence what changed, and why.")},
    )
    when = forms.ChoiceField(
        label=_("When do readers see it?"),
        choices=lambda: [
            ("now", _now("At once")),
            ("later", _now("From a day and time that I choose")),
        ],
        widget=forms.RadioSelect,
        initial="now",
    )
    live_from = forms.SplitDateTimeField(
        label=_("The day and time, if later"),
        required=False,
        widget=forms.SplitDateTimeWidget(
            date_attrs={"type": "date", "aria-label": _("Day")},  # type: ignore[dict-item]
            time_attrs={"type": "time", "aria-label": _("Time")},  # type: ignore[dict-item]
            date_format="%Y-%m-%d",
            time_format="%H:%M",
        ),
    )
    # The moment of the text that was on the page, so that no other text is approved.
    read_at = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, version: FactVersion, data: Any = None) -> None:
        super().__init__(version, data)
        self.fields["read_at"].initial = version.edited_at.isoformat()
        self.fields["live_from"].help_text = _("In the time zone %(zone)s.") % {
            "zone": timezone.get_current_timezone_name()
        }
        if version.number == 1:
            del self.fields["change_kind"], self.fields["change_note"]

    def clean_read_at(self) -> datetime:
        try:
            return datetime.fromisoformat(self.cleaned_data["read_at"])
        except ValueError:
            raise forms.ValidationError(
                _("Open this page again: it does not say which text you have read.")
            ) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("when") == "later":
            moment = cleaned.get("live_from")
            if moment is None and "live_from" not in self.errors:
                self.add_error("live_from", _("Give the day and the time."))
            elif moment is not None and moment < timezone.now():
                self.add_error("live_from", _("This moment has passed. Choose a later one."))
        else:
            cleaned["live_from"] = None
        return cleaned


class ReviewForm(TransitionForm):
    """Asks who reviewed the text, when, and when it is to be reviewed again."""

    reviewer_name = forms.CharField(
        label=_("Reviewer's name"),
        max_length=120,
        help_text=_("As it is to be printed on the page, with the reviewer's consent."),
    )
    reviewer_role = forms.CharField(
        label=_("Reviewer's role"),
        max_length=120,
        help_text=_("Consultant nurse, breast oncology"),
    )
    reviewed_on = forms.DateField(
        label=_("Reviewed on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    review_due = forms.DateField(
        label=_("Next review by"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For staff; never shown."),
    )

    def __init__(self, version: FactVersion, data: Any = None) -> None:
        super().__init__(version, data)
        risk = RiskClass(version.fact.topic.risk_class)
        today = timezone.localdate()
        self.initial = {
            "reviewed_on": today,
            "review_due": today + relativedelta(months=risk.months),
        }
        self.fields["review_due"].help_text = _(
            "This topic is reviewed every %(months)d months."
        ) % {"months": risk.months}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        reviewed_on, due = cleaned.get("reviewed_on"), cleaned.get("review_due")
        longest = RiskClass.GENERAL.months
        if reviewed_on and reviewed_on > timezone.localdate():
            return cleaned  # The model says what is wrong with it.
        if reviewed_on and due and due > reviewed_on + relativedelta(months=longest):
            self.add_error(
                "review_due",
                _("No fact waits longer than %(months)d months.") % {"months": longest},
            )
        return cleaned


class StandsForm(TransitionForm):
    """Asks why a text holds in spite of a warning; after a retraction there must be a reason."""

    note = forms.CharField(
        label=_("Why it still stands"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "Staff read it; readers never do. For example: The two other trials show the same."
        ),
    )

    def __init__(self, version: FactVersion, data: Any = None) -> None:
        super().__init__(version, data)
        flags = {c.source.flag for c in version.flagged_citations(timezone.now())}
        if SourceFlag.RETRACTED in flags:
            self.fields["note"].required = True
            self.fields["note"].error_messages["required"] = _(
                "A source was retracted. Say what the text rests on instead."
            )


class AskForm(TransitionForm):
    """Asks whom to ask; the address goes into one mail and is kept nowhere."""

    asked_of = forms.CharField(
        label=_("Whom do you ask?"),
        max_length=NAME_LENGTH,
        help_text=_("The name, for our own records: Dr. Ada Wells"),
    )
    email = forms.EmailField(
        label=_("Their address"),
        help_text=_("We use it for this one mail and keep it nowhere, so please keep it yourself."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    line = forms.CharField(
        label=_("A personal line"),
        max_length=300,
        required=False,
        help_text=_("It stands in the mail: We met at the conference in May. Name no patient."),
    )


class Transition:
    """One step: who may take it, what it asks, and what it says when it is done."""

    name: ClassVar[str]
    permission: ClassVar[str]
    statuses: ClassVar[tuple[str, ...]] = ()
    form_class: ClassVar[type[TransitionForm]] = TransitionForm
    # "": an ordinary step, "default": the usual next one, "danger": one that takes away.
    weight: ClassVar[str] = ""
    is_for_others_only = False
    shows_text = False
    shows_flagged = False

    def link(self, version: FactVersion, user: Any) -> Any:
        """Return what the link to this page says."""
        raise NotImplementedError

    def title(self, version: FactVersion, user: Any) -> Any:
        raise NotImplementedError

    def explain(self, version: FactVersion, user: Any) -> Any:
        """Return what will happen, in a sentence or two."""
        raise NotImplementedError

    def button(self, version: FactVersion, user: Any) -> Any:
        return self.title(version, user)

    def done(self, version: FactVersion) -> Any:
        """Return what is said afterwards."""
        raise NotImplementedError

    def run(self, version: FactVersion, user: Any, data: dict[str, Any]) -> None:
        """Take the step. Raises what the model raises."""
        raise NotImplementedError

    def form(self, version: FactVersion, user: Any, data: Any = None) -> TransitionForm:
        """Return the form that `user` fills in, bound if there is `data`."""
        return self.form_class(version, data)

    def is_allowed(self, version: FactVersion, user: Any) -> bool:
        """Return whether the role of `user` includes this step."""
        return user.has_perm(self.permission)

    def is_due(self, version: FactVersion, at: datetime) -> bool:
        """Return whether `version` stands where this step begins."""
        return version.status in self.statuses

    def why_not(self, version: FactVersion, user: Any, at: datetime) -> str:
        """Return in words why `user` cannot take this step now, or an empty string."""
        if not self.is_due(version, at):
            return _now("This cannot be done any more: the version is “%(status)s” by now.") % {
                "status": version.get_status_display()
            }
        if self.is_for_others_only and version.was_written_by(user):
            return _now(
                "You wrote some of this text, so somebody else must decide it. "
                "Ask another reviewer."
            )
        if self.is_for_others_only and version.was_sent_out_by(user):
            return _now(
                "You sent this text to a clinician, so somebody else must decide it. "
                "Ask another reviewer."
            )
        return ""


class Submit(Transition):
    name = "submit"
    permission = "facts.change_factversion"
    statuses = (Status.DRAFT,)

    def link(self, version: FactVersion, user: Any) -> Any:
        return _("Send for review…")

    def title(self, version: FactVersion, user: Any) -> Any:
        return _("Send for review")

    def explain(self, version: FactVersion, user: Any) -> Any:
        return _(
            "A reviewer reads it and approves it, or sends it back to you. Until then nobody can "
            "change the text. You can take it back at any time."
        )

    def run(self, version: FactVersion, user: Any, data: dict[str, Any]) -> None:
        version.submit(user)

    def done(self, version: FactVersion) -> Any:
        return _("It is sent for review. You can take it back to change it.")


class Return(Transition):
    """A reviewer sends it back; whoever wrote it takes it back, which needs no reason."""

    name = "return"
    permission = "facts.approve_factversion"
    statuses = (Status.IN_REVIEW,)

    def form(self, version: FactVersion, user: Any, data: Any = None) -> TransitionForm:
        return ReturnForm(version, data, is_own=version.was_written_by(user))

    def is_allowed(self, version: FactVersion, user: Any) -> bool:
        if version.was_written_by(user):
            return user.has_perm("facts.change_factversion")
        return super().is_allowed(version, user)

    def link(self, version: FactVersion, user: Any) -> Any:
        return _("Take back…") if version.was_written_by(user) else _("Send back…")

    def title(self, version: FactVersion, user: Any) -> Any:
        if version.was_written_by(user):
            return _("Take back to change it")
        return _("Send back to the author")

    def explain(self, version: FactVersion, user: Any) -> Any:
        return _("It becomes a draft again, and can be changed and sent once more.")

    def run(self, version: FactVersion, user: Any, data: dict[str, Any]) -> None:
        version.return_to_author(user, data.get("note", ""))

    def done(self, version: FactVersion) -> Any:
        return _("It is a draft again.")


class Reject(Transition):
    name = "reject"
    permission = "facts.approve_factversion"
    statuses = (Status.IN_REVIEW,)
    form_class = RejectionForm
    weight = "danger"
    is_for_others_only = True

    def link(self, version: FactVersion, user: Any) -> Any:
        return _("Reject…")

    def title(self, version: FactVersion, user: Any) -> Any:
        return _("Reject this version")

    def explain(self, version: FactVersion, user: Any) -> Any:
        return _(
            "This text is closed for good; staff can still read it. If it only needs work, send "
            "it back instead."
        )

    def run(self, version: FactVersion, user: Any, data: dict[str, Any]) -> None:
        version.reject(user, data["note"])

    def done(self, version: FactVersion) -> Any:
        return _("This version is rejected. What readers see has not changed.")


class Approve(Transition):
    name = "approve"
    permission = "facts.approve_factversion"
    statuses = (Status.IN_REVIEW,)
    form_class = ApprovalForm
    weight = "default"
    is_for_others_only = True
    shows_text = True

    def link(self, version: FactVersion, user: Any) -> Any:
        return _("Approve…")

    def title(self, version: FactVersion, user: Any) -> Any:
        return _("Approve this version")

    def explain(self, version: FactVersion, user: Any) -> Any:
        if version.number == 1:
            return _("Read it once more, with its sources. Then readers see it.")
        return _(
            "Read it once more, with its sources. It takes the place of the version that readers "
            "see now, which stays in the history."
        )

    def button(self, version: FactVersion, user: Any) -> Any:
        return _("Approve")

    def run(self, version: FactVersion, user: Any, data: dict[str, Any]) -> None:
        version.approve(
            user,
            change_kind=data.get("change_kind", ""),
            change_note=data.get("change_note", ""),
            live_from=data.get("live_from"),
            read_at=data["read_at"],
        )

    def done(self, version: FactVersion) -> Any:
        if version.live_from and version.live_from > timezone.now():
            when = day_and_time(version.live_from)
            return _now("Approved. Readers see it from %(when)s.") % {"when": when}
        topic = version.fact.topic
        if topic.published_at is None or topic.published_at > timezone.now():
            return _now("Approved. Readers see it as soon as its topic is published.")
        return _now("Approved. Readers see it now.")


class Withdraw(Transition):
    name = "withdraw"
    permission = "facts.approve_factversion"
    form_class = WithdrawalForm
    weight = "danger"

    def is_due(self, version: FactVersion, at: datetime) -> bool:
        return version.is_live(at) or version.is_scheduled(at)

    def why_not(self, version: FactVersion, user: Any, at: datetime) -> str:
        return "" if self.is_due(version, at) else _now("Readers do not see this version now.")

    def link(self, version: FactVersion, user: Any) -> Any:
        return _("Withdraw…")

    def title(self, version: FactVersion, user: Any) -> Any:
        if version.is_scheduled(timezone.now()):
            return _("Take back before it appears")
        return _("Withdraw this fact")

    def explain(self, version: FactVersion, user: Any) -> Any:
        if version.is_scheduled(timezone.now()):
            return _("It will not appear. What readers see now stays as it is.")
        return _(
            "Readers stop seeing it at once, and see your sentence in its place. A version that "
            "is scheduled to follow does not appear either."
        )

    def run(self, version: FactVersion, user: Any, data: dict[str, Any]) -> None:
        if "replaced_by" not in data:
            version.withdraw(user, data["reason"])
            return
        chosen = data["replaced_by"]
        version.withdraw(user, data["reason"], replaced_by=chosen.fact if chosen else None)

    def done(self, version: FactVersion) -> Any:
        if version.is_withdrawn:
            return _("The fact is withdrawn. Readers see your sentence in its place.")
        return _("It will not appear.")


class RecordReview(Transition):
    name = "review"
    permission = "facts.add_review"
    form_class = ReviewForm

    def is_due(self, version: FactVersion, at: datetime) -> bool:
        return version.is_live(at) or version.is_scheduled(at)

    def why_not(self, version: FactVersion, user: Any, at: datetime) -> str:
        return "" if self.is_due(version, at) else _now("Readers do not see this version now.")

    def link(self, version: FactVersion, user: Any) -> Any:
        return _("Record a review…")

    def title(self, version: FactVersion, user: Any) -> Any:
        return _("Record a clinical review")

    def explain(self, version: FactVersion, user: Any) -> Any:
        return _(
            "Somebody qualified has read this text and stands by it. The name, the role and the "
            "days are printed under the fact; the text does not change."
        )

    def button(self, version: FactVersion, user: Any) -> Any:
        return _("Record this review")

    def run(self, version: FactVersion, user: Any, data: dict[str, Any]) -> None:
        version.record_review(user, **data)

    def done(self, version: FactVersion) -> Any:
        review = version.last_review
        due = date_format(review.review_due, "j F Y") if review else ""
        return _now("The review is recorded. The next one is due on %(day)s.") % {"day": due}


class StillStands(Transition):
    """A reviewer has looked at a source with a warning, and the text holds all the same."""

    name = "stands"
    permission = "facts.approve_factversion"
    form_class = StandsForm
    shows_flagged = True

    def is_due(self, version: FactVersion, at: datetime) -> bool:
        return version.flagged_citations(at).exists()

    def why_not(self, version: FactVersion, user: Any, at: datetime) -> str:
        if not self.is_due(version, at):
            return _now("No source of this text has a warning that waits for a word.")
        if version.was_written_by(user):
            return _now(
                "You wrote some of this text, so somebody else must decide it. "
                "Ask another reviewer."
            )
        return ""

    def link(self, version: FactVersion, user: Any) -> Any:
        return _("It still stands…")

    def title(self, version: FactVersion, user: Any) -> Any:
        return _("Say that it still stands")

    def explain(self, version: FactVersion, user: Any) -> Any:
        return _(
            "If the text is true all the same, say so, and the fact leaves the queue. If not, "
            "start a new version without the source, or withdraw the fact."
        )

    def button(self, version: FactVersion, user: Any) -> Any:
        return _("It still stands")

    def run(self, version: FactVersion, user: Any, data: dict[str, Any]) -> None:
        version.say_it_stands(user, data["note"])

    def done(self, version: FactVersion) -> Any:
        return _("Noted. The fact has left the queue until there is another warning.")


class AskClinician(Transition):
    """Sends the text to a clinician outside the house, by a link that staff never see."""

    name = "ask"
    permission = "facts.change_factversion"
    form_class = AskForm

    def is_allowed(self, version: FactVersion, user: Any) -> bool:
        return may_ask(user)

    def is_due(self, version: FactVersion, at: datetime) -> bool:
        return is_askable(version, at)

    def link(self, version: FactVersion, user: Any) -> Any:
        return _("Ask a clinician…")

    def title(self, version: FactVersion, user: Any) -> Any:
        return _("Ask a clinician outside")

    def explain(self, version: FactVersion, user: Any) -> Any:
        words = _now(
            "They get a mail with a link that opens this text, what differs from the text in use, "
            "and the sources. They can stand by it, ask for a change, or say that it is not their "
            "field. You do not see the link."
        )
        if version.status == Status.IN_REVIEW and user.has_perm("facts.approve_factversion"):
            words += " " + _now(
                "If you send it, you cannot approve or reject this version: somebody else must."
            )
        return words

    def button(self, version: FactVersion, user: Any) -> Any:
        return _("Send the mail")

    def run(self, version: FactVersion, user: Any, data: dict[str, Any]) -> None:
        send_request(version, user, **data)

    def done(self, version: FactVersion) -> Any:
        return _("The mail is on its way. You get a mail when the answer is here.")


TRANSITIONS: dict[str, Transition] = {
    t.name: t
    for t in (
        Submit(),
        Approve(),
        Return(),
        Reject(),
        AskClinician(),
        RecordReview(),
        StillStands(),
        Withdraw(),
    )
}


def offered(version: FactVersion, user: Any, at: datetime) -> list[Transition]:
    """Return the steps that `user` can take with `version` at `at`."""
    return [
        step
        for step in TRANSITIONS.values()
        if step.is_due(version, at)
        and step.is_allowed(version, user)
        and not step.why_not(version, user, at)
    ]
