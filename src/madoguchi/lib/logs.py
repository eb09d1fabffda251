"""Log lines that carry no content: an exception is its class and the places in our code, never its message."""

import copy
import logging
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class PlainFormatter(logging.Formatter):
    """`time level name message`, and for exceptions the class and frames; messages of exceptions may quote mail."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line. Exceptions among the message's arguments become their class as well."""
        plain = copy.copy(record)
        plain.msg = _shown(record.msg)
        if isinstance(record.args, tuple):
            plain.args = tuple(_shown(one) for one in record.args)
        plain.exc_text = None  # what another handler may have kept, with the message
        return super().format(plain)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 -- the signature is logging's
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 -- the name is logging's
        kind, _, trace = ei
        if kind is None:
            return ""
        frames = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-8:]
        ]
        return f"{error_class(kind)} at " + " < ".join(reversed(frames))


def _shown(value: object) -> Any:
    return error_class(value) if isinstance(value, BaseException) else value


def error_class(error: BaseException | type[BaseException]) -> str:
    """The error's class with its module, which is all that logs and pages may show of it."""
    kind = error if isinstance(error, type) else type(error)
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")[:80]


class RouteNotPath(logging.Filter):
    """Says of a request its route's name alone: a path can hold a one-time link's token."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if request is not None:
            match = getattr(request, "resolver_match", None)
            route = match.view_name if match else "no route"
            record.msg, record.args = "%s request to %s", (getattr(record, "status_code", "refused"), route)
        return True
