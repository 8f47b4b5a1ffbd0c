"""What staff do to many facts at once, and the report of what was done and what was refused.

Approving is not among it: a text is read before readers see it, one at a time. The rules are the
model's; each fact has a transaction of its own, so that one refusal undoes nothing else.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from dateutil.relativedelta import relativedelta
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from facts.admin.states import person
from facts.choices import RiskClass, Status
from facts.models import Citation, Fact, FactVersion, Link
from facts.models.facts import possible_owners
from facts.models.links import LONGEST_ADDRESS, addresses_in

# A page that names more could not be read, and would take too long.
MOST_AT_ONCE = 200
LONGEST_KEY = 18


class BulkForm(forms.Form):
    """What a step asks once, for all the facts."""

    required_css_class = "required"

    def __init__(self, viewer: Any, data: Any = None) -> None:
        self.viewer = viewer
        super().__init__(data)


class UnchangedForm(BulkForm):
    """Asks who has read the texts, and when."""

    reviewer_name = forms.CharField(
        label=_("Reviewer’s name"),
        max_length=120,
        help_text=_("As it is to be printed under each fact, with the reviewer’s consent."),
    )
    reviewer_role = forms.CharField(
        label=_("Reviewer’s role"),
        max_length=120,
        help_text=_("Consultant nurse, breast oncology"),
    )
    reviewed_on = forms.DateField(
        label=_("Reviewed on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, viewer: Any, data: Any = None) -> None:
        super().__init__(viewer, data)
        self.fields["reviewed_on"].initial = timezone.localdate()

    def clean_reviewed_on(self) -> Any:
        day = self.cleaned_data["reviewed_on"]
        if day > timezone.localdate():
            raise ValidationError(
                _("This day is still to come. Give the day on which they were reviewed.")
            )
        return day


class OwnerField(forms.ModelChoiceField):
    """Names accounts by their numbers: an address would tell who is a member."""

    viewer: Any = None

    def label_from_instance(self, obj: Any) -> str:
        return person(obj, obj.pk, self.viewer)


class GiveForm(BulkForm):
    """Asks who is to look after the facts."""

    owner = OwnerField(
        label=_("Who looks after them from now on?"),
        queryset=None,
        empty_label=_("Choose somebody"),
        help_text=_("Staff who write facts, by their numbers."),
        error_messages={
            "required": _("Choose who looks after them."),
            "invalid_choice": _("This account cannot own facts. Choose another one."),
        },
    )

    def __init__(self, viewer: Any, data: Any = None) -> None:
        super().__init__(viewer, data)
        field = self.fields["owner"]
        field.viewer, field.queryset = viewer, possible_owners()  # type: ignore[attr-defined]


class BulkWithdrawalForm(BulkForm):
    """Asks for the sentence that readers see in place of each of the facts."""

    reason = forms.CharField(
        label=_("Why, in one plain sentence"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Readers see it in place of each of them: The study they rest on was retracted."
        ),
    )


class BulkStep:
    """One thing that is done to many facts: who may, what it asks, and what it says."""

    name: ClassVar[str]
    # None: it asks nothing, and is done at once.
    form_class: ClassVar[type[BulkForm] | None] = None
    is_danger = False

    def title(self, number: int) -> str:
        raise NotImplementedError

    def explain(self) -> str:
        """Return what will happen, in a sentence or two."""
        raise NotImplementedError

    def done(self, number: int) -> str:
        """Return what was done to `number` facts."""
        raise NotImplementedError

    def refused(self, number: int) -> str:
        """Return what was not done to `number` facts; the reason follows."""
        raise NotImplementedError

    def target(self, fact: Any, at: datetime) -> FactVersion | None:
        """Return the version that it is done to, of those that were fetched with `fact`."""
        raise NotImplementedError

    def why_not(self, fact: Any, at: datetime) -> str:
        """Return in words why it cannot be done to `fact`, or an empty string."""
        raise NotImplementedError

    def run(self, fact: Any, text: Any, user: Any, data: dict[str, Any], at: datetime) -> str:
        """Do it to `fact`, whose target is `text`; return what is said beside the name.

        Runs in a transaction of its own. Raises what the model raises.
        """
        raise NotImplementedError


class SendForReview(BulkStep):
    name = "send_for_review"

    def done(self, number: int) -> str:
        return ngettext(
            "%(number)d text is sent for review:", "%(number)d texts are sent for review:", number
        )

    def refused(self, number: int) -> str:
        return ngettext(
            "%(number)d was not sent for review.", "%(number)d were not sent for review.", number
        )

    def target(self, fact: Any, at: datetime) -> FactVersion | None:
        return next((v for v in fact.all_versions if v.status == Status.DRAFT), None)

    def why_not(self, fact: Any, at: datetime) -> str:
        if self.target(fact, at) is not None:
            return ""
        if any(v.status == Status.IN_REVIEW for v in fact.all_versions):
            return _now("It is in review already.")
        return _now("Nobody is writing a new text. Start a new version first.")

    def run(self, fact: Any, text: Any, user: Any, data: dict[str, Any], at: datetime) -> str:
        text.submit(user)
        if missing := text.missing():
            return _now("still missing: %(what)s") % {"what": " ".join(missing)}
        return ""


class LiveStep(BulkStep):
    """A step for the text that readers see."""

    def target(self, fact: Any, at: datetime) -> FactVersion | None:
        return next((v for v in fact.all_versions if v.is_live(at)), None)

    def why_not(self, fact: Any, at: datetime) -> str:
        live = [v for v in fact.all_versions if v.is_live(at)]
        if not live:
            return _now("Readers do not see it now.")
        if len(live) > 1:
            return _now("Readers see it in several languages. Open each text instead.")
        return ""

    def require_live(self, text: FactVersion) -> None:
        """Hold `text` as it is, and raise ValidationError if readers do not see it any more."""
        if not text.locked().is_live(timezone.now()):
            raise ValidationError(_("Readers do not see it now."))


class RecordUnchanged(LiveStep):
    name = "record_unchanged"
    form_class = UnchangedForm

    def title(self, number: int) -> str:
        return ngettext(
            "Record: reviewed, nothing changed",
            "Record of %(number)d facts: reviewed, nothing changed",
            number,
        )

    def explain(self) -> str:
        return _now(
            "Somebody qualified has read each of these texts and stands by it. The name, the role "
            "and the day are printed under each; no text changes. The day of the next review comes "
            "from each fact’s topic."
        )

    def done(self, number: int) -> str:
        return ngettext(
            "A review of %(number)d fact is recorded:",
            "Reviews of %(number)d facts are recorded:",
            number,
        )

    def refused(self, number: int) -> str:
        return ngettext(
            "No review of %(number)d fact was recorded.",
            "No reviews of %(number)d facts were recorded.",
            number,
        )

    def run(self, fact: Any, text: Any, user: Any, data: dict[str, Any], at: datetime) -> str:
        self.require_live(text)
        written_on = timezone.localdate(text.edited_at)
        if written_on > data["reviewed_on"]:
            raise ValidationError(
                _now("Its text is newer than this day: it was written on %(day)s.")
                % {"day": date_format(written_on, "j M Y")}
            )
        months = RiskClass(fact.topic.risk_class).months
        due = data["reviewed_on"] + relativedelta(months=months)
        text.record_review(user, review_due=due, **data)
        return _now("next review by %(day)s") % {"day": date_format(due, "j M Y")}


class Withdraw(LiveStep):
    name = "withdraw"
    form_class = BulkWithdrawalForm
    is_danger = True

    def title(self, number: int) -> str:
        return ngettext("Withdraw this fact", "Withdraw %(number)d facts", number)

    def explain(self) -> str:
        return _now(
            "Readers stop seeing them at once, and see your sentence in place of each. Versions "
            "that are scheduled to follow do not appear either."
        )

    def done(self, number: int) -> str:
        return ngettext(
            "%(number)d fact is withdrawn. Readers see your sentence in its place:",
            "%(number)d facts are withdrawn. Readers see your sentence in place of each:",
            number,
        )

    def refused(self, number: int) -> str:
        return ngettext("%(number)d was not withdrawn.", "%(number)d were not withdrawn.", number)

    def run(self, fact: Any, text: Any, user: Any, data: dict[str, Any], at: datetime) -> str:
        self.require_live(text)
        text.withdraw(user, data["reason"])
        return ""


class GiveTo(BulkStep):
    name = "give_to"
    form_class = GiveForm

    def title(self, number: int) -> str:
        return ngettext("Give this fact to somebody", "Give %(number)d facts to somebody", number)

    def explain(self) -> str:
        return _now("Whoever owns a fact looks after it, and finds it on the first page when due.")

    def done(self, number: int) -> str:
        return ngettext(
            "%(number)d fact has a new owner:", "%(number)d facts have a new owner:", number
        )

    def refused(self, number: int) -> str:
        return ngettext("%(number)d was not given.", "%(number)d were not given.", number)

    def target(self, fact: Any, at: datetime) -> FactVersion | None:
        return None

    def why_not(self, fact: Any, at: datetime) -> str:
        return ""

    def run(self, fact: Any, text: Any, user: Any, data: dict[str, Any], at: datetime) -> str:
        owner = data["owner"]
        fact.give_to(user, owner)
        return person(owner, owner.pk, user)


class CheckLinks(BulkStep):
    name = "check_links"

    def done(self, number: int) -> str:
        return ngettext(
            "The links of %(number)d fact are checked within the hour:",
            "The links of %(number)d facts are checked, from the next hour on:",
            number,
        )

    def refused(self, number: int) -> str:
        return ngettext(
            "The links of %(number)d are not checked.",
            "The links of %(number)d are not checked.",
            number,
        )

    def target(self, fact: Any, at: datetime) -> FactVersion | None:
        return None

    def why_not(self, fact: Any, at: datetime) -> str:
        if not settings.CHECK_LINKS:
            return _now("Checking is switched off on this site.")
        return ""

    def run(self, fact: Any, text: Any, user: Any, data: dict[str, Any], at: datetime) -> str:
        texts = [v for v in fact.all_versions if v.is_open or v.is_live(at) or v.is_scheduled(at)]
        cited = Citation.objects.filter(version__in=texts).values_list("source__url", flat=True)
        found = {*cited, *(url for v in texts for url in addresses_in(v.body))}
        urls = {
            url
            for url in found
            if url.startswith(("https://", "http://")) and len(url) <= LONGEST_ADDRESS
        }
        if not urls:
            raise ValidationError(_now("No text in use has a link or a source."))
        new = [Link(url=url, next_check_at=at) for url in sorted(urls)]
        Link.objects.bulk_create(new, ignore_conflicts=True)
        Link.objects.to(urls).filter(next_check_at__gt=at).update(next_check_at=at)
        return ngettext("%(number)d address", "%(number)d addresses", len(urls)) % {
            "number": len(urls)
        }


class FactActions(admin.ModelAdmin):
    """The actions of the table of facts; the model asks once more, for each, who may."""

    actions = ["send_for_review", "record_unchanged", "give_to", "check_links", "withdraw"]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # A fact is withdrawn, and stays known.
        return actions

    def has_submit_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("facts.change_factversion")

    def has_record_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("facts.add_review")

    def has_give_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("facts.change_fact")

    def has_check_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("facts.change_source")

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("facts.approve_factversion")

    @admin.action(description=_("Send for review"), permissions=["submit"])
    def send_for_review(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._act(request, queryset, SendForReview())

    @admin.action(description=_("Record: reviewed, nothing changed…"), permissions=["record"])
    def record_unchanged(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._act(request, queryset, RecordUnchanged())

    @admin.action(description=_("Give to…"), permissions=["give"])
    def give_to(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._act(request, queryset, GiveTo())

    @admin.action(description=_("Check links now"), permissions=["check"])
    def check_links(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._act(request, queryset, CheckLinks())

    @admin.action(description=_("Withdraw…"), permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._act(request, queryset, Withdraw())

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST":
            # Keys that are none would raise far from here.
            data = request.POST.copy()
            chosen = data.getlist(ACTION_CHECKBOX_NAME)
            data.setlist(ACTION_CHECKBOX_NAME, [key for key in chosen if _is_key(str(key))])
            request.POST = data  # type: ignore[assignment]
        return super().changelist_view(request, extra_context)

    def _act(self, request: HttpRequest, queryset: QuerySet, step: BulkStep) -> HttpResponse | None:
        """Ask what `step` asks, if anything; then do it to each fact, and tell of each."""
        if request.POST.get("select_across") != "1":
            # Those that were ticked, even if the list's filter does not hold them any more.
            chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
            queryset = self.get_queryset(request).filter(pk__in=chosen)
        facts = list(queryset[: MOST_AT_ONCE + 1])
        if len(facts) > MOST_AT_ONCE:
            words = _now("Choose %(number)d facts at most. Nothing was changed.")
            self.message_user(request, words % {"number": MOST_AT_ONCE}, messages.WARNING)
            return None
        if step.form_class is None:
            self._do(request, facts, step, {})
            return None
        is_sent = "confirmed" in request.POST
        form = step.form_class(request.user, request.POST if is_sent else None)
        if is_sent and form.is_valid():
            self._do(request, facts, step, form.cleaned_data, request.POST.getlist("seen"))
            return None
        return self._ask(request, facts, step, form)

    def _ask(
        self, request: HttpRequest, facts: list[Any], step: BulkStep, form: forms.Form
    ) -> HttpResponse:
        now = timezone.now()
        able = [fact for fact in facts if not step.why_not(fact, now)]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": step.title(len(able)) % {"number": len(able)},
            "explanation": step.explain(),
            "step": step,
            "form": form,
            "chosen": facts,
            "able": [{"fact": f, "url": self._url(f), "text": step.target(f, now)} for f in able],
            "unable": [
                {"fact": f, "url": self._url(f), "why": step.why_not(f, now)}
                for f in facts
                if f not in able
            ],
            "list_url": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/facts/fact/act.html", context)

    def _do(
        self,
        request: HttpRequest,
        facts: Iterable[Any],
        step: BulkStep,
        data: dict[str, Any],
        seen: list[str] | None = None,
    ) -> None:
        """Do `step` to each of `facts`. `seen` are the keys of the texts that were on the page."""
        done: list[tuple[Any, str]] = []
        refused: dict[str, list[Any]] = {}
        for fact in facts:
            now = timezone.now()
            try:
                if why_not := step.why_not(fact, now):
                    raise ValidationError(why_not)
                text = step.target(fact, now)
                if seen is not None and text is not None and str(text.pk) not in seen:
                    raise ValidationError(
                        _now("Its text is another one since you opened the page. Read it first.")
                    )
                with transaction.atomic():
                    beside = step.run(fact, text, request.user, data, now)
            except (PermissionDenied, ValidationError) as error:
                words = " ".join(getattr(error, "messages", [str(error)]))
                refused.setdefault(words, []).append(fact)
            else:
                self.log_change(request, fact, str(self._words_of(step)))
                done.append((fact, beside))
        if done:
            words = step.done(len(done)) % {"number": len(done)}
            self.message_user(request, self._listed(words, done), messages.SUCCESS)
        for why, some in refused.items():
            words = f"{step.refused(len(some)) % {'number': len(some)}} {why}"
            rows = [(fact, "") for fact in some]
            self.message_user(request, self._listed(words, rows), messages.WARNING)

    def _words_of(self, step: BulkStep) -> Any:
        return getattr(type(self), step.name).short_description

    def _url(self, fact: Fact) -> str:
        return reverse("admin:facts_fact_change", args=[fact.pk])

    def _listed(self, words: str, rows: list[tuple[Any, str]]) -> SafeString:
        items = format_html_join(
            "",
            '<li><a href="{}">{}</a>{}</li>',
            (
                (self._url(fact), fact.heading, f" ({beside})" if beside else "")
                for fact, beside in rows
            ),
        )
        return format_html('{}<ul class="acted">{}</ul>', words, items)


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_KEY
