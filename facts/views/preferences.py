from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from facts.forms.preferences import PreferencesForm
from facts.preferences import store


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """How somebody wants to read; nothing is kept until this form is sent."""
    chosen = request.preferences  # type: ignore[attr-defined]
    back = request.POST.get("next") or request.GET.get("next") or ""
    if not (back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)):
        back = ""
    if request.method == "POST":
        form = PreferencesForm(request.POST)
        if form.is_valid():
            response = HttpResponseRedirect(back or reverse("facts:preferences"))
            store().keep(request, response, form.preferences())
            return response
    else:
        form = PreferencesForm(
            initial={
                "hidden": sorted(chosen.hidden),
                "text_size": chosen.text_size,
                "spacing": chosen.spacing,
                "scheme": chosen.scheme,
                "zone": chosen.zone,
                "units": chosen.units,
            }
        )
    context = {"form": form, "next": back, "is_chosen": chosen.serialise() != ""}
    status = 400 if form.errors else 200
    return render(request, "facts/preferences.html", context, status=status)
