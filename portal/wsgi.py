"""The callable that a WSGI server runs."""

import os
import re
import sys
from collections.abc import Callable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

# Whoever comes back from the database waits no longer for threads that compute. A transaction comes
# back from each of its statements, and with Python's 5 ms it held up all other writers.
sys.setswitchinterval(0.0005)

_django = get_wsgi_application()

from portal.pages.front import Front  # noqa: E402 (it needs the settings)
from portal.pages.store import store  # noqa: E402

_CHARSET = re.compile(r";\s*charset\s*=[^;]*", re.IGNORECASE)


def _forms_in_utf8(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    """Let Django answer one request.

    Forms here are UTF-8. Django would decode by whatever charset a request names, before any
    middleware that could answer for one that is no charset.
    """
    environ["CONTENT_TYPE"] = _CHARSET.sub("", environ.get("CONTENT_TYPE", ""))
    return _django(environ, start_response)


application = Front(_forms_in_utf8, store)
