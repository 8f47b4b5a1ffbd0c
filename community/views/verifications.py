"""One tap for an organizer: the listing as readers see it, and whether it is still right."""

from typing import Any

from allauth.core import ratelimit
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community.care.suggested import seal, unseal, values_of
from community.forms.suggestions import CorrectionForm
from community.forms.verifications import VerificationForm
from community.models import SupportGroup, Verification
from community.models.verifications import AskingClosed
from community.views.suggestions import keep
from community.views.support_groups import listing_of
from facts.views.mailed_links import NO_ADDRESS, for_one_person, opens_nothing

Answer, State = Verification.Answer, Verification.State


@for_one_person
@require_http_methods(["GET", "HEAD", "POST"])
def listing_check(request: HttpRequest, token: str) -> HttpResponse:
    """The listing that `token` opens, and a form. GET and HEAD change nothing: programs that scan
    mails open links too.
    """
    found = Verification.find(token)
    if found is None:
        return opens_nothing(request)
    now = timezone.now()
    form = VerificationForm(request.POST if request.method == "POST" else None)
    if form.is_bound and not _may_try(request, found):
        return _wait(request, form)
    state = found.state(now)
    if state == State.WAITING and form.is_bound and form.is_valid():
        if form.cleaned_data["answer"] == Answer.CHANGE:
            return HttpResponseRedirect(reverse("listing-check-changes", args=[token]))
        try:
            found.record_answer(**form.cleaned_data)
        except AskingClosed as closed:
            state = closed.state
            found.refresh_from_db()
        else:
            return HttpResponseRedirect(request.path)
    if state != State.WAITING:
        is_sent_twice = form.is_bound and form.is_valid()
        if is_sent_twice and found.answer == form.cleaned_data["answer"]:
            return HttpResponseRedirect(request.path)
        return _closed(request, found, state, form)
    group = SupportGroup.objects.with_meetings().get(pk=found.group_id)
    context = {**NO_ADDRESS, **listing_of(group, now), "asking": found, "form": form}
    status = 400 if form.errors else 200
    return render(request, "community/listing_check.html", context, status=status)


@for_one_person
@require_http_methods(["GET", "HEAD", "POST"])
def listing_check_changes(request: HttpRequest, token: str) -> HttpResponse:
    """The listing in boxes, to be put right by its organizer; on POST that is the answer.

    It becomes a suggestion that a moderator decides: a link can be passed on.
    """
    found = Verification.find(token)
    if found is None:
        return opens_nothing(request)
    group = SupportGroup.objects.with_meetings().get(pk=found.group_id)
    if request.method == "POST":
        seen = unseal(request.POST.get("seen", ""))
        was = seen if seen is not None and seen["group"] == group.pk else values_of(group)
        form = CorrectionForm(request.POST, was=was)
        if not _may_try(request, found):
            return _wait(request, form)
    else:
        form = CorrectionForm(was=values_of(group), initial={"seen": seal(group)})
    answer_url = reverse("listing-check", args=[token])
    state = found.state(timezone.now())
    if state == State.WAITING and form.is_bound and form.is_valid():
        try:
            with transaction.atomic():
                found.record_answer(Answer.CHANGE, suggestion=keep(request, form, group))
        except AskingClosed as closed:
            state = closed.state
            found.refresh_from_db()
        else:
            return HttpResponseRedirect(answer_url)
    if state != State.WAITING:
        sent = found.suggestion
        if sent and form.is_bound and form.is_valid() and sent.changes == form.changes():
            return HttpResponseRedirect(answer_url)
        return _closed(request, found, state, form)
    context = {**NO_ADDRESS, "group": group, "form": form, "answer_url": answer_url}
    status = 400 if form.errors else 200
    return render(request, "community/listing_check_changes.html", context, status=status)


def _may_try(request: HttpRequest, found: Verification) -> bool:
    return bool(ratelimit.consume(request, action="listing_check", key=str(found.pk)))


def _wait(request: HttpRequest, form: Any) -> HttpResponse:
    context = {
        **NO_ADDRESS,
        "reason": _("This keeps out programs that send too much."),
        "kept": form.typed(),
    }
    return render(request, "429.html", context, status=429)


def _closed(
    request: HttpRequest, found: Verification, state: Verification.State, form: Any
) -> HttpResponse:
    """Say kindly why nothing is taken any more; what was typed can be copied."""
    group = found.group
    is_public = SupportGroup.objects.published(timezone.now()).filter(pk=group.pk).exists()
    context = {
        **NO_ADDRESS,
        "state": state,
        "asking": found,
        "is_late": form.is_bound,
        "kept": form.typed() if form.is_bound else [],
        "group_url": group.get_absolute_url() if is_public else "",
    }
    status = 409 if form.is_bound else 410
    return render(request, "community/listing_check_closed.html", context, status=status)
