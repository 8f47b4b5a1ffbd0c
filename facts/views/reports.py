"""“Something wrong or unclear?”: a page of its own for each fact, which needs no account."""

from datetime import datetime

from allauth.core import ratelimit
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from facts.forms.reports import ReportForm
from facts.models import Fact, FactVersion, Report
from facts.models.addresses import fact_formerly_at
from facts.views.moved import fact_moved


@require_http_methods(["GET", "HEAD", "POST"])
def report_create(request: HttpRequest, topic: str, slug: str) -> HttpResponse:
    """Ask what is wrong or unclear about a fact; on POST keep it, with the day and nobody's name.

    Of a sensitive fact only the neutral heading is shown. Where the fact was withdrawn, its own
    page says why; where it was moved, the address leads to its new one. Words that were typed
    before that are taken all the same.
    """
    now = timezone.now()
    if request.method != "POST":
        version = _live(topic, slug, now)
        if version is None:
            return _not_live(request, topic, slug, now)
        form = ReportForm(initial={"version": version.number})
        return _page(request, version, form)
    fact = _known(topic, slug, now) or fact_formerly_at(topic, slug, now, get_language())
    if fact is None:
        raise Http404
    form = ReportForm(request.POST)
    if not ratelimit.consume(request, action="word_from_reader"):
        context = {
            "reason": _("This keeps out programs that send too much."),
            "kept": form.typed(),
            "retry_path": request.path,
        }
        return render(request, "429.html", context, status=429)
    version = _version_read(fact, request.POST.get("version", ""), now)
    if not form.is_valid():
        return _page(request, version, form)
    Report.objects.receive(
        version,
        kind=form.cleaned_data["kind"],
        words=form.cleaned_data["words"],
        on=timezone.localdate(now),
    )
    return HttpResponseRedirect(reverse("facts:report-sent", args=[fact.topic.slug, fact.slug]))


@require_safe
def report_sent(request: HttpRequest, topic: str, slug: str) -> HttpResponse:
    """Say thank you, and what happens next. It tells nothing of the report."""
    now = timezone.now()
    fact = _known(topic, slug, now)
    if fact is None:
        return fact_moved(request, topic, slug, now, "facts:report-sent")
    return render(request, "facts/report_sent.html", {"fact": fact})


def _page(request: HttpRequest, version: FactVersion, form: ReportForm) -> HttpResponse:
    heading = version.heading if version.is_live(timezone.now()) else version.subject
    context = {"fact": version.fact, "heading": heading, "form": form}
    status = 400 if form.errors else 200
    return render(request, "facts/report_create.html", context, status=status)


def _live(topic: str, slug: str, at: datetime) -> FactVersion | None:
    return FactVersion.objects.of_topic(topic, at, get_language()).filter(fact__slug=slug).first()


def _known(topic: str, slug: str, at: datetime) -> Fact | None:
    """Return the fact at this address that readers see, or saw before it was withdrawn."""
    facts = Fact.objects.filter(topic__slug=topic, topic__published_at__lte=at, slug=slug)
    seen = FactVersion.objects.ever_live(at).filter(language=get_language())
    return facts.filter(pk__in=seen.order_by().values("fact")).select_related("topic").first()


def _not_live(request: HttpRequest, topic: str, slug: str, at: datetime) -> HttpResponse:
    fact = _known(topic, slug, at)
    if fact is not None:
        return redirect(fact)
    return fact_moved(request, topic, slug, at, "facts:report-create")


def _version_read(fact: Fact, number: str, at: datetime) -> FactVersion:
    """Return the version that was on the page, or the newest that readers have seen."""
    seen = fact.versions.ever_live(at).filter(language=get_language())  # type: ignore[attr-defined]
    versions = list(seen.select_related("fact__topic"))
    return next((v for v in versions if str(v.number) == number), versions[0])
