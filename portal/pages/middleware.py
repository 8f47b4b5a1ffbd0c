"""Who may keep a copy of a page: anybody of a public one after asking, nobody of a personal one."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, set_response_etag

from portal.pages.compression import compress

# What stands in front of Django writes on a request whose answer it would store, ...
HAS_STORE = "waymark.has_store"
# ... and what the middleware answers there: whether others may get the same.
IS_STORED = "waymark.is_stored"
# Pages that many readers open. Of a search nothing is kept, not even for a minute.
STORED = frozenset(
    {
        "home",
        "help",
        "robots",
        "sitemap",
        "sitemap-part",
        "facts:topic-list",
        "facts:topic-detail",
        "facts:fact-detail",
        "facts:fact-history",
        "facts:news",
        "facts:feed",
        "facts:glossary",
        "facts:question-list",
        "facts:page-about",
        "facts:page-privacy",
        "facts:page-accessibility",
        "community:support-group-list",
        "community:support-group-detail",
        "community:group-calendar",
    }
)


def is_personal(request: HttpRequest) -> bool:
    """Return whether the request carries a session or somebody's preferences."""
    return any(
        name in request.COOKIES
        for name in (settings.SESSION_COOKIE_NAME, settings.PREFERENCES_COOKIE_NAME)
    )


class PagesMiddleware:
    """Marks public pages "ask before you use it again", and all else "keep no copy"."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(settings.STATIC_URL):
            return response
        is_public = (
            request.method in {"GET", "HEAD"}
            and response.status_code in {200, 301, 404, 410}
            and not response.cookies
            and not response.has_header("Cache-Control")
            and not is_personal(request)
        )
        if not is_public:
            response["Cache-Control"] = "private, no-store"
            return response
        response["Cache-Control"] = "no-cache"
        # The page is the same for everybody who carries none of our cookies.
        del response["Vary"]
        response["Vary"] = "Cookie"
        if response.status_code == 200 and not response.streaming:
            set_response_etag(response)
            tag = response.get("ETag")  # An empty page has none.
            response = get_conditional_response(request, tag, None, response) or response
        if is_stored(request, response):
            # The store compresses it, once for all.
            request.META[IS_STORED] = True
        else:
            compress(request, response)
        return response


def is_stored(request: HttpRequest, response: HttpResponse) -> bool:
    """Return whether this public answer is to be kept for others."""
    match = request.resolver_match
    return (
        bool(request.META.get(HAS_STORE))
        and response.status_code == 200
        and not response.streaming
        and match is not None
        and match.view_name in STORED
    )
