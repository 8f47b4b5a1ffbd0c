"""The link in mail about changes that stops it, for whoever holds it, signed in or not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from community.keeping.digests import stop
from facts.views.mailed_links import NO_ADDRESS, for_one_person


# Mail programs post here by themselves, without a page of ours before (RFC 8058). Nobody can be
# made to do it who does not hold the secret.
@csrf_exempt
@for_one_person
@require_http_methods(["GET", "HEAD", "POST"])
def mail_stop(request: HttpRequest, secret: str) -> HttpResponse:
    """A button that stops the mails; POST stops them. GET changes nothing: programs that scan
    mails open links too.

    The answer is the same for a secret that nobody has, so it tells of no member.
    """
    is_stopped = request.method == "POST"
    if is_stopped:
        stop(secret)
    context = {**NO_ADDRESS, "is_stopped": is_stopped}
    return render(request, "community/mail_stop.html", context)
