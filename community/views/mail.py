"""What mail a member gets."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from community.forms.mail import MailForm
from community.views.account import member_of


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account_mail(request: HttpRequest) -> HttpResponse:
    """Ask which mail a member wants, and in which language."""
    member = member_of(request)
    form = MailForm(request.POST if request.method == "POST" else None, instance=member)
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("community:account")
    status = 400 if form.errors else 200
    return render(request, "community/account_mail.html", {"form": form}, status=status)
