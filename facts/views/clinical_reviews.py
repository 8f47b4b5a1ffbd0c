"""One tap for a clinician outside the house: a text, its sources, and what they say of it."""

from datetime import datetime

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from facts.choices import RequestState
from facts.differences import compare_versions
from facts.forms.clinical_reviews import ClinicalReviewForm
from facts.gentle import Asked, show
from facts.models import FactVersion, ReviewRequest
from facts.models.review_requests import RequestClosed
from facts.review_mails import record_answer
from facts.views.mailed_links import NO_ADDRESS, for_one_person, opens_nothing

# Nothing is covered: a clinician has to read all of it.
EVERYTHING = Asked(hidden=frozenset())


@for_one_person
@require_http_methods(["GET", "HEAD", "POST"])
def clinical_review(request: HttpRequest, token: str) -> HttpResponse:
    """The text that `token` opens, and a form. GET and HEAD change nothing: programs that scan
    mails open links too.
    """
    found = ReviewRequest.find(token)
    if found is None:
        return opens_nothing(request)
    now = timezone.now()
    form = ClinicalReviewForm(request.POST if request.method == "POST" else None)
    if form.is_bound and not ratelimit.consume(
        request, action="clinical_review", key=str(found.pk)
    ):
        return render(request, "429.html", {**NO_ADDRESS, "kept": form.typed()}, status=429)
    state = found.state(now)
    if state == RequestState.WAITING and form.is_bound and form.is_valid():
        try:
            record_answer(found, **form.cleaned_data)
        except RequestClosed as closed:
            state = closed.state
            found.refresh_from_db()
        else:
            return HttpResponseRedirect(request.path)
    if state != RequestState.WAITING:
        if _is_sent_twice(found, form):
            return HttpResponseRedirect(request.path)
        context = {**NO_ADDRESS, "state": state, "asked": found, "kept": []}
        if form.is_bound:
            context["kept"] = form.typed()
        status = 409 if form.is_bound else 410
        return render(request, "facts/clinical_review_closed.html", context, status=status)
    context = {**NO_ADDRESS, **_text(found.version, now), "asked": found, "form": form}
    status = 400 if form.errors else 200
    return render(request, "facts/clinical_review.html", context, status=status)


def _is_sent_twice(found: ReviewRequest, form: ClinicalReviewForm) -> bool:
    """Return whether `form` holds the very answer that is kept: somebody pressed twice."""
    return (
        found.answered_at is not None
        and form.is_bound
        and form.is_valid()
        and form.cleaned_data
        == {
            "answer": found.answer,
            "name": found.answerer_name,
            "role": found.answerer_role,
            "note": found.note,
        }
    )


def _text(version: FactVersion, at: datetime) -> dict[str, object]:
    """Return what the page shows of `version`: all of it, and what readers see now."""
    versions = FactVersion.objects.with_evidence().select_related("fact__topic")
    version = versions.get(pk=version.pk)
    live = versions.live(at).filter(fact=version.fact_id, language=version.language).first()
    is_live = live is not None and live.pk == version.pk
    audiences = FactVersion._meta.get_field("audiences")
    return {
        "version": version,
        "shown": show(version.fact, version, EVERYTHING),
        "citations": version.citations.all(),  # type: ignore[attr-defined]
        "audiences": ", ".join(audiences.labels(version.audiences)),  # type: ignore[union-attr]
        "is_live": is_live,
        "comparison": compare_versions(live, version) if live and not is_live else None,
    }
