"""“Suggest a group” and “Is something wrong here?”: pages of their own, which need no account."""

from typing import Any

from allauth.core import ratelimit
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from community.care.suggested import seal, unseal, values_of
from community.forms.suggestions import CorrectionForm, NewGroupForm, SuggestionForm
from community.models import Suggestion, SupportGroup


@require_http_methods(["GET", "HEAD", "POST"])
def suggestion_create(request: HttpRequest) -> HttpResponse:
    """Ask what somebody knows of a group that is missing; on POST keep it, and nothing of who."""
    if request.method != "POST":
        return _page(request, NewGroupForm())
    return _receive(request, NewGroupForm(request.POST), None)


@require_http_methods(["GET", "HEAD", "POST"])
def correction_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a listing in boxes, to be put right; on POST keep what differs from what was shown.

    A group that was taken off the site, or got another address, while somebody typed takes
    their words all the same: what their page carried says which one it was.
    """
    groups = SupportGroup.objects.with_meetings()
    group = groups.published(timezone.now()).filter(slug=slug).first()
    seen = unseal(request.POST.get("seen", "")) if request.method == "POST" else None
    if seen is not None and (group is None or group.pk != seen["group"]):
        group = groups.filter(pk=seen["group"]).first()
    if group is None:
        raise Http404
    if request.method != "POST":
        was = values_of(group)
        return _page(request, CorrectionForm(was=was, initial={"seen": seal(group)}), group)
    was = seen or values_of(group)
    return _receive(request, CorrectionForm(request.POST, was=was), group)


@require_safe
def suggestion_sent(request: HttpRequest) -> HttpResponse:
    """Say thank you, and what happens next. It tells nothing of what was sent."""
    return render(request, "community/suggestion_sent.html")


def _page(
    request: HttpRequest, form: SuggestionForm, group: SupportGroup | None = None
) -> HttpResponse:
    context = {"form": form, "group": group, "is_staff": _is_staff(request)}
    status = 400 if form.errors else 200
    return render(request, "community/suggestion_create.html", context, status=status)


def _receive(request: HttpRequest, form: Any, group: SupportGroup | None) -> HttpResponse:
    """Keep what was sent, or say what is wrong and give it back."""
    if not ratelimit.consume(request, action="word_from_reader"):
        context = {
            "reason": _("This keeps out programs that send too much."),
            "kept": form.typed(),
            "retry_path": request.path,
        }
        return render(request, "429.html", context, status=429)
    if not form.is_valid():
        return _page(request, form, group)
    keep(request, form, group)
    return redirect("community:suggestion-sent")


def keep(request: HttpRequest, form: Any, group: SupportGroup | None) -> Suggestion:
    """Keep what a valid `form` says of `group`, and return it."""
    return Suggestion.objects.receive(
        group,
        changes=form.changes(),
        joining=form.cleaned_data["joining"],
        words=form.cleaned_data["words"],
        reply_address=form.cleaned_data["reply_address"],
        language=get_language() or "en",
        on=timezone.localdate(),
        sender=request.user if _is_staff(request) else None,
    )


def _is_staff(request: HttpRequest) -> bool:
    """Whether the sender is staff: only then is an account kept, which may not decide."""
    return request.user.is_authenticated and request.user.is_staff
