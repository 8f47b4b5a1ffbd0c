"""Structured logs that hold no address, name, path, query or IP."""

import logging
from typing import Any

import structlog


class NoAccessDetails(logging.Filter):
    """Keeps a record's traceback and level, and drops what Django adds of the request.

    Django's own messages carry the path ("Not Found: /lists/…"), and a path or a search is
    health data here. RequestLogMiddleware writes one line for each request instead.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        for name in ("request", "server_time"):
            record.__dict__.pop(name, None)
        return True


def without_message(record: logging.LogRecord) -> bool:
    """Replace Django's words about a request by its status alone."""
    status = record.__dict__.get("status_code", "")
    record.msg, record.args = f"request failed {status}".strip(), ()
    return True


def safe_traceback(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Keep the type and the places of an exception; its words may hold what somebody typed."""
    error = event.pop("exc_info", None)
    if error is True:
        error = None
    if error and error[0] is not None:
        event["exception"] = error[0].__name__
        event["at"] = [
            f"{frame.tb_frame.f_globals.get('__name__')}:{frame.tb_lineno}"
            for frame in _frames(error[2])
        ][-8:]
    return event


def _frames(traceback: Any) -> list[Any]:
    frames = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    return frames


def logging_config(level: str) -> dict[str, Any]:
    """Return the configuration: JSON lines on the standard error stream."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "no_access_details": {"()": NoAccessDetails},
            "without_message": {"()": lambda: without_message},
        },
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [
                    structlog.contextvars.merge_contextvars,
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.add_logger_name,
                    structlog.processors.TimeStamper(fmt="iso", utc=True),
                ],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    safe_traceback,
                    structlog.processors.JSONRenderer(),
                ],
            },
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "filters": ["no_access_details"],
            },
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"level": level, "handlers": [], "propagate": True},
            "django.request": {"level": "ERROR", "filters": ["without_message"]},
            "django.security": {"level": "WARNING", "filters": ["without_message"]},
            # One logger for each kind of refusal; a filter is not inherited, so each is named.
            **{
                f"django.security.{kind}": {"level": "WARNING", "filters": ["without_message"]}
                for kind in ("DisallowedHost", "SuspiciousOperation", "csrf", "SuspiciousSession")
            },
            "django.server": {"level": "CRITICAL", "handlers": [], "propagate": False},
        },
    }
