"""Public pages, compressed on their way. Plain functions."""

import gzip
import re

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

# A smaller one fits into one packet as it is.
SMALLEST = 1_000  # bytes
# What most of the saving costs: a page of 40 kB becomes 10 kB in a millisecond.
LEVEL = 5
_REFUSED = re.compile(r"\s*q\s*=\s*0(?:\.0*)?\s*")


def accepts_gzip(header: str) -> bool:
    """Return whether the header `Accept-Encoding` asks for gzip by name."""
    for part in header.split(","):
        name, _semicolon, weight = part.partition(";")
        if name.strip().lower() == "gzip":
            return not _REFUSED.fullmatch(weight)
    return False


def compress(request: HttpRequest, response: HttpResponse) -> None:
    """Compress `response`, a public page, if the browser can read that.

    Only of a page that holds no secret the length tells nothing to who listens (BREACH); a public
    page is the same for everybody, so it holds none.
    """
    if response.streaming or response.has_header("Content-Encoding"):
        return
    patch_vary_headers(response, ["Accept-Encoding"])
    accepted = request.headers.get("Accept-Encoding", "")
    if len(response.content) < SMALLEST or not accepts_gzip(accepted):
        return
    response.content = gzip.compress(response.content, LEVEL, mtime=0)
    response["Content-Encoding"] = "gzip"
    response["Content-Length"] = str(len(response.content))
    # The same page in other bytes: RFC 9110, section 8.8.1.
    if (etag := response.get("ETag", "")) and not etag.startswith("W/"):
        response["ETag"] = f"W/{etag}"
