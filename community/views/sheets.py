"""The sheet for an appointment: choose its questions, print it, write down what was answered."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import structlog
from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from community.fields import UndecipherableText
from community.forms.sheets import AnswersForm, FirstForm, SheetChoiceForm
from community.keeping.saving import KINDS, MAX_AT_ONCE
from community.keeping.sheet import (
    Choices,
    Offer,
    Saved,
    Sheet,
    choices,
    evidence,
    lines_of,
    loose_lines,
    offers,
    saved_on,
    saved_under,
    sheet_of,
)
from community.keeping.sheet_pdf import NoPdf, make_pdf
from community.keeping.typesetting import LettersMissing
from community.models import AppointmentSheet, ReadingList, SheetQuestion
from facts.gentle import Asked

log = structlog.get_logger("community.sheets")

# Without an account, all of one's own questions are on one page.
NEW_WITHOUT_ACCOUNT = 6
MOST_LETTERS = 20  # that are named as missing


def _own_list(request: HttpRequest, pk: UUID) -> ReadingList:
    """Return the member's own list. That of another is not found, as if it never was."""
    lists: Any = request.user.reading_lists  # type: ignore[union-attr]
    return get_object_or_404(lists.select_related("appointment_sheet"), pk=pk)


def _offers(reading_list: ReadingList) -> list[Offer]:
    return offers(saved_on(reading_list), timezone.now())


def _show_query(request: HttpRequest) -> str:
    """Return what the address asks for of what is sensitive, for the addresses of other pages."""
    slugs = request.GET.getlist("show")[:50]
    return f"?{urlencode([('show', slug) for slug in slugs])}" if slugs else ""


def _sheet_url(request: HttpRequest, pk: UUID) -> str:
    return reverse("community:appointment-sheet", args=[pk]) + _show_query(request)


# A member's own


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def appointment_sheet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The sheet of a list, ready to print. POST says which three questions are asked first."""
    reading_list = _own_list(request, pk)
    rows = SheetQuestion.objects.filter(reading_list=reading_list).chosen().in_order()
    sheet = sheet_of(reading_list, rows, _offers(reading_list), Asked.of(request))
    if request.method != "POST" and not sheet.lines and not sheet.covered:
        return redirect("community:appointment-sheet-choose", pk)
    first = FirstForm(request.POST if request.method == "POST" else None, lines=sheet.lines)
    if request.method == "POST" and first.is_valid():
        SheetQuestion.objects.put_first(reading_list, map(int, first.first))
        messages.success(request, _("The sheet has its new order."))
        return redirect(f"{request.path}{_show_query(request)}")
    return _sheet_page(request, sheet, first, reading_list=reading_list)


def _sheet_page(request: HttpRequest, sheet: Sheet, first: FirstForm, **more: Any) -> HttpResponse:
    context = {
        "sheet": sheet,
        "form": first,
        "show_query": _show_query(request),
        "asked": Asked.of(request),
        **more,
    }
    response = render(request, "community/sheet_detail.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def appointment_sheet_choose(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Choose what goes on the sheet of a list, and write one's own questions."""
    if not request.user.is_authenticated:
        return _sign_in_first(request, SheetChoiceForm(request.POST).typed)
    reading_list = _own_list(request, pk)
    rows = list(SheetQuestion.objects.filter(reading_list=reading_list))
    chosen = AppointmentSheet.of(reading_list)
    offered = _offers(reading_list)
    asked = Asked.of(request)
    shown = choices(offered, asked)
    by_slug = {offer.question.slug: offer.question.pk for offer in shown.shown}
    on_sheet = {row.question_id for row in rows if row.is_chosen}
    form = SheetChoiceForm(
        request.POST if request.method == "POST" else None,
        rows=[row for row in rows if row.is_own],
        slugs=by_slug,
        initial={
            "appointment_on": chosen.appointment_on,
            "paper": chosen.paper,
            "question": [slug for slug, question in by_slug.items() if question in on_sheet],
        },
    )
    if request.method == "POST" and form.is_valid():
        _keep(chosen, form, by_slug)
        if form.crossed:
            words = _(
                "Another window had changed or removed a question that you changed here. "
                "Nothing is lost: what you typed here is a question of its own now."
            )
            if not form.astray:
                words = _("Another window had changed a question, so it was not taken away.")
            messages.info(request, words)
        if "reveal" in request.POST:
            return redirect(f"{request.path}?show=all#questions-saved")
        if SheetQuestion.objects.filter(reading_list=reading_list).chosen().exists():
            return redirect(f"{_sheet_url(request, pk)}#questions-saved")
        messages.info(request, _("Saved. There is no question on the sheet yet."))
        return redirect(f"{request.path}{_show_query(request)}#questions-saved")
    return _choose_page(request, form, shown, reading_list=reading_list)


@transaction.atomic
def _keep(chosen: AppointmentSheet, form: SheetChoiceForm, by_slug: dict[str, int]) -> None:
    """Write down what was chosen on the form, whose questions are in `by_slug`."""
    SheetQuestion.objects.choose(
        chosen.reading_list,
        shown=set(by_slug.values()),
        chosen=[by_slug[slug] for slug in form.cleaned_data["question"]],
        own=form.own_questions,
        new=form.new_questions,
    )
    AppointmentSheet.objects.update_or_create(
        reading_list=chosen.reading_list,
        defaults={
            "appointment_on": form.cleaned_data["appointment_on"],
            "paper": form.cleaned_data["paper"],
        },
    )


def _choose_page(
    request: HttpRequest, form: SheetChoiceForm, shown: Choices, **more: Any
) -> HttpResponse:
    context = {"form": form, "choices": shown, "evidence": evidence(), **more}
    response = render(request, "community/sheet_choose.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def appointment_sheet_answers(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write down what was answered. What another tab has changed meanwhile is shown beside it."""
    if not request.user.is_authenticated:
        return _sign_in_first(request, AnswersForm(request.POST, rows=(), lines=()).typed)
    reading_list = _own_list(request, pk)
    kept = SheetQuestion.objects.filter(reading_list=reading_list).in_order()
    wanted = [row for row in kept if row.is_chosen or row.has_answer]
    lines, covered = lines_of(wanted, _offers(reading_list), Asked.of(request))
    by_key = {line.key: line for line in lines if not line.is_gone or line.answer}
    rows = [row for row in wanted if str(row.pk) in by_key]
    form_lines = [by_key[str(row.pk)] for row in rows]
    if request.method != "POST":
        form = AnswersForm(rows=rows, lines=form_lines)
        return _answers_page(request, reading_list, form, covered)
    form = AnswersForm(request.POST, rows=rows, lines=form_lines)
    loose = _loose_answers(request, form)
    if not form.is_valid():
        return _answers_page(request, reading_list, form, covered, loose=loose)
    others: dict[int, str] = {}
    typed: dict[str, Any] = {}
    for row, text, based_on in form.answers:
        try:
            if not row.write_answer(text, based_on):
                row.refresh_from_db(fields=["answer", "answer_number"])
                others[row.pk] = row.answer
                typed[f"answer_{row.pk}"] = text
        except (SheetQuestion.DoesNotExist, UndecipherableText):
            loose.append(text)
    if not others and not loose:
        messages.success(request, _("Your answers are saved."))
        return redirect(f"{_sheet_url(request, pk)}#answers-saved")
    again = AnswersForm(rows=rows, lines=form_lines, initial=typed)
    return _answers_page(
        request, reading_list, again, covered, loose=loose, others=others, status=409
    )


def _loose_answers(request: HttpRequest, form: AnswersForm) -> list[str]:
    """Return the answers that were sent to questions that are not on the page any more."""
    known = {f"answer_{row.pk}" for row in form.rows}
    names = [n for n in request.POST if n.startswith("answer_") and n not in known]
    return [text for name in names if (text := request.POST[name].strip())]


def _answers_page(
    request: HttpRequest,
    reading_list: ReadingList,
    form: AnswersForm,
    covered: Sequence[str],
    *,
    loose: Sequence[str] = (),
    others: dict[int, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    others = others or {}
    fields = [
        (form[f"answer_{row.pk}"], form[f"based_on_{row.pk}"], others.get(row.pk))
        for row in form.rows
    ]
    context = {
        "reading_list": reading_list,
        "form": form,
        "fields": fields,
        "covered": covered,
        "loose": loose,
        "is_conflict": bool(others),
    }
    return render(request, "community/sheet_answers.html", context, status=status)


@require_safe
@login_required
def appointment_sheet_pdf(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The sheet of a list as a file for paper."""
    reading_list = _own_list(request, pk)
    rows = SheetQuestion.objects.filter(reading_list=reading_list).chosen().in_order()
    sheet = sheet_of(reading_list, rows, _offers(reading_list), Asked.of(request))
    if not sheet.lines:
        return redirect("community:appointment-sheet", pk)
    return _pdf(request, sheet, "sheet_pdf", _sheet_url(request, pk))


def _pdf(request: HttpRequest, sheet: Sheet, limit: str, back: str) -> HttpResponse:
    """Return `sheet` as a file, or say why there is none."""
    usage = ratelimit.consume(
        request, app="allauth.account", action=limit, user=request.user, limit_get=True
    )
    if not usage:
        reason = _("Making the file takes work. You can print the page instead.")
        context = {"reason": reason, "kept": _own_words(sheet, back)}
        return render(request, "429.html", context, status=429)
    try:
        content = make_pdf(sheet)
    except LettersMissing as missing:
        letters = missing.letters[:MOST_LETTERS]
        context = {"back": back, "kept": _own_words(sheet, back), "letters": letters}
        return render(request, "community/sheet_letters.html", context, status=422)
    except NoPdf as error:
        log.error("sheet_not_made", error=str(error))
        context = {"back": back, "kept": _own_words(sheet, back)}
        return render(request, "community/sheet_failed.html", context, status=503)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="sheet.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


def _own_words(sheet: Sheet, back: str) -> list[dict[str, str]]:
    """Return one's own questions, to be given back where nothing of them is kept."""
    own = (line for line in sheet.lines if not back and line.key.startswith("own-"))
    return [{"label": _("Your question"), "name": line.key, "value": line.text} for line in own]


def _sign_in_first(request: HttpRequest, typed: str) -> HttpResponse:
    """Ask for a sign-in, and give back what was typed: the same for a list that is not there."""
    if not typed:
        return redirect_to_login(request.get_full_path())
    context = {"text": typed, "is_kept": False, "next_url": request.path}
    return render(request, "community/signed_out.html", context, status=403)


# Without an account: nothing of it is kept


@require_http_methods(["GET", "HEAD", "POST"])
def device_sheet(request: HttpRequest) -> HttpResponse:
    """A sheet for whoever asks, from what their device holds; nothing of it is kept.

    POST carries all of it each time: `kind` and `key` of what is saved on the device, the
    questions, and as `action` what to do: "choose", "show", "first" or "pdf".
    """
    names = _names(request)
    saved = saved_under(names, timezone.now()) if names else Saved()
    shown = choices(offers(saved, timezone.now()), Asked.of(request))
    slugs = [offer.question.slug for offer in shown.shown]
    action = request.POST.get("action", "")
    if action not in {"show", "first", "pdf"}:
        is_sent = "paper" in request.POST
        form = SheetChoiceForm(
            slugs=slugs, new=NEW_WITHOUT_ACCOUNT, initial=_initial(request) if is_sent else None
        )
        return _choose_page(request, form, shown, names=names)
    form = SheetChoiceForm(request.POST, slugs=slugs, new=NEW_WITHOUT_ACCOUNT)
    if not form.is_valid():
        return _choose_page(request, form, shown, names=names)
    chosen, own = form.cleaned_data["question"], form.new_questions
    lines = loose_lines(shown.shown, chosen, own)
    if not lines:
        form.add_error(None, ValidationError(_("Choose a question, or write one."), "none"))
        return _choose_page(request, form, shown, names=names)
    first = FirstForm(request.POST if "first_1" in request.POST else None, lines=lines)
    if first.is_valid():
        lines = loose_lines(shown.shown, chosen, own, first.first)
    sheet = Sheet(
        tuple(lines),
        appointment_on=form.cleaned_data["appointment_on"],
        paper=form.cleaned_data["paper"],
    )
    if action == "pdf":
        return _pdf(request, sheet, "sheet_pdf_device", "")
    return _sheet_page(request, sheet, first, carried=_carried(request, form, sheet, names))


def _names(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what the device says that it holds, by kind and key."""
    pairs = zip(request.POST.getlist("kind"), request.POST.getlist("key"), strict=False)
    return [pair for pair in dict.fromkeys(pairs) if pair[0] in KINDS][:MAX_AT_ONCE]


def _initial(request: HttpRequest) -> dict[str, Any]:
    """Return the form as it was sent, to be gone on with."""
    sent: dict[str, Any] = {name: request.POST[name] for name in request.POST}
    return {**sent, "question": request.POST.getlist("question")}


def _carried(
    request: HttpRequest, form: SheetChoiceForm, sheet: Sheet, names: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Return what the next request needs of this one, as names and values."""
    pairs = [("question", slug) for slug in form.cleaned_data["question"]]
    pairs += [(f"new_{n}", text) for n, text in enumerate(form.new_questions, start=1)]
    pairs += [(name, request.POST.get(name, "")) for name in ("appointment_on", "paper")]
    for kind, key in names:
        pairs += [("kind", kind), ("key", key)]
    return pairs
