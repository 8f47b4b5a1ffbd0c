"""Public pages, compressed on their way or for the store. Plain functions."""

import gzip
from collections.abc import Callable
from functools import lru_cache

import brotli
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

# A smaller one fits into one packet as it is.
SMALLEST = 1_000  # bytes
# What most of the saving costs: a page of 40 kB becomes 9 kB in a millisecond or two.
PACK: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: gzip.compress(body, 5, mtime=0),
}


@lru_cache(maxsize=256)
def best_encoding(accepted: str) -> str:
    """Return which of ours the header `Accept-Encoding` likes best, or "" (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _semicolon, rest = part.partition(";")
        weight = 1.0
        if rest.strip().startswith("q="):
            try:
                weight = float(rest.strip()[2:])
            except ValueError:
                weight = 0.0
        weights[name.strip()] = weight
    others = weights.get("*", 0.0)
    best = max(PACK, key=lambda name: weights.get(name, others))
    return best if weights.get(best, others) > 0 else ""


def compress(request: HttpRequest, response: HttpResponse) -> None:
    """Compress `response`, a public page, if the browser can read that.

    Only of a page that holds no secret the length tells nothing to who listens (BREACH); a public
    page is the same for everybody, so it holds none.
    """
    if response.streaming or response.has_header("Content-Encoding"):
        return
    patch_vary_headers(response, ["Accept-Encoding"])
    encoding = best_encoding(request.headers.get("Accept-Encoding", ""))
    if len(response.content) < SMALLEST or not encoding:
        return
    response.content = PACK[encoding](response.content)
    response["Content-Encoding"] = encoding
    response["Content-Length"] = str(len(response.content))
    # The same page in other bytes: RFC 9110, section 8.8.1.
    if (etag := response.get("ETag", "")) and not etag.startswith("W/"):
        response["ETag"] = f"W/{etag}"
