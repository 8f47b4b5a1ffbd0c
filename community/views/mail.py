"""What mail a member gets."""

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from community.accounts.adapters import AccountAdapter
from community.forms.mail import MailForm
from community.models import Member
from community.views.account import member_of


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account_mail(request: HttpRequest) -> HttpResponse:
    """Ask which mail a member wants, and in which language; send one to try if none arrived."""
    member = member_of(request)
    if request.method == "POST" and "try" in request.POST:
        limited = ratelimit.consume_or_429(request, action="mail_trial", user=member)
        return limited or _send_trial(request, member)
    form = MailForm(request.POST if request.method == "POST" else None, instance=member)
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("community:account")
    status = 400 if form.errors else 200
    return render(request, "community/account_mail.html", {"form": form}, status=status)


def _send_trial(request: HttpRequest, member: Member) -> HttpResponse:
    """Send a mail, and say so; if a mail server takes it, the notice goes by itself."""
    AccountAdapter().send_mail("account/email/mail_works", member.email, {})
    words = _("A mail is on its way to %(address)s. Please look for it in a minute.")
    messages.success(request, words % {"address": member.email})
    return redirect("community:account-mail")
