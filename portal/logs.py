"""Structured logs that hold no address, name, path, query or IP.

A line is made of words that a programmer wrote and of values that our own code chose to add.
What another package puts into its lines is left out: Django names paths and hosts, the web
server IPs and request lines, and here a path or a search is health data.
"""

import logging
import sys
from types import TracebackType
from typing import Any

import structlog

WITHHELD = "(words left out)"


def only_fixed_words(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Keep, of another package's line, the words that stand in its code, and where they stand.

    A line with arguments has fixed words around them. In one without, somebody may have put the
    arguments in already, so nothing is kept of it but its place.
    """
    record: logging.LogRecord = event["_record"]
    has_arguments = bool(event.pop("positional_args"))
    event["event"] = record.msg if isinstance(record.msg, str) and has_arguments else WITHHELD
    event["at"] = f"{record.module}:{record.lineno}"
    status = getattr(record, "status_code", None)
    if isinstance(status, int):
        event["status"] = status
    return event


def safe_traceback(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Keep the type and the places of an exception; its words may hold what somebody typed."""
    event.pop("stack_info", None)
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    elif isinstance(error, BaseException):
        error = (type(error), error, error.__traceback__)
    if error and error[0] is not None:
        event["exception"] = error[0].__name__
        event["trace"] = _places(error[2])[-8:]
        cause = error[1].__cause__ or error[1].__context__
        if cause is not None:
            event["cause"] = type(cause).__name__
    return event


def _places(traceback: TracebackType | None) -> list[str]:
    places = []
    while traceback is not None:
        module = traceback.tb_frame.f_globals.get("__name__")
        places.append(f"{module}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return places


def logging_config(level: str) -> dict[str, Any]:
    """Return the configuration: JSON lines on the standard error stream."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                # A line whose arguments do not fit would be printed whole by `logging` itself.
                "use_get_message": False,
                "pass_foreign_args": True,
                "foreign_pre_chain": [
                    only_fixed_words,
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
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"level": level, "handlers": [], "propagate": True},
            # RequestLogMiddleware writes one line for each request; what went wrong is told here.
            "django.request": {"level": "ERROR"},
            "django.server": {"level": "CRITICAL", "handlers": [], "propagate": False},
            # Each task is told by what it does; these tell that one began and ended.
            "django_tasks": {"level": "WARNING"},
            "django_tasks_db": {"level": "WARNING"},
        },
    }
