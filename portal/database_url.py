"""Reads DATABASE_URL, also one that names several hosts of one PostgreSQL."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import dj_database_url


def read(url: str, **more: Any) -> dict[str, Any]:
    """Return Django's settings for the database at `url`; `more` are those of dj_database_url.

    `postgres://name:password@one:5432,two/database?target_session_attrs=read-write` names two
    hosts, which are tried in this order (libpq, 34.1.1.3, “Specifying Multiple Hosts”). Raises
    ValueError if the address is none.
    """
    parts = urlsplit(url)
    who, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return dict(dj_database_url.parse(url, **more))
    one = urlunsplit(parts._replace(netloc=f"{who}{at}host"))
    config = dict(dj_database_url.parse(one, **more))
    named = [urlsplit(f"//{host}") for host in hosts.split(",")]
    if not all(host.hostname for host in named):
        raise ValueError("A host is missing between two commas.")
    config["HOST"] = ",".join(str(host.hostname) for host in named)
    config["PORT"] = ",".join(str(host.port or 5432) for host in named)
    return config
