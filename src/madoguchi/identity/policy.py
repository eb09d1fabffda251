"""Roles and what each may do: one table, from which docs and tests are made."""

from collections.abc import Iterable, Mapping
from typing import Literal

Role = Literal["handler", "duty-lead", "auditor", "operator", "account-administrator"]
Permission = Literal[
    "read-reports",  # open a report and its attachments
    "answer",  # write to a reporter, set a report aside, empty the tray and take reports out of it
    "approve",  # let out what needs a second person
    "see-workload",
    "read-log",  # the log of deeds, decisions and consents; never a report's content
    "see-queues",  # sizes, ages and error classes of due work; never content, subjects or addresses
    "run-again",  # make failed work due again
    "grant-roles",
]

TABLE: Mapping[Role, frozenset[Permission]] = {
    "handler": frozenset({"read-reports", "answer"}),
    "duty-lead": frozenset({"read-reports", "answer", "approve", "see-workload"}),
    "auditor": frozenset({"read-log"}),
    "operator": frozenset({"see-queues", "run-again"}),
    "account-administrator": frozenset({"grant-roles"}),
}
# Who runs the machine must not also be the one who checks it, nor approve what leaves.
NEVER_TOGETHER: tuple[frozenset[Role], ...] = (
    frozenset({"operator", "auditor"}),
    frozenset({"operator", "duty-lead"}),
)


def permissions(roles: Iterable[Role]) -> frozenset[Permission]:
    """All that somebody with these roles may do."""
    return frozenset().union(*(TABLE[role] for role in roles))


def conflict(roles: Iterable[Role]) -> frozenset[Role] | None:
    """The two roles that one person may not hold together, if these hold any such pair."""
    held = frozenset(roles)
    return next((pair for pair in NEVER_TOGETHER if pair <= held), None)


def sign_in_delay(failures: int) -> int:
    """Seconds until the next try after so many failures in a row from one network: 0 for the first five, then doubling.

    A delay and never a lock-out, so that nobody can shut a handler out by guessing at the name.
    """
    return 0 if failures < 5 else min(2 ** (failures - 5), 900)


def account_delay(failures: int) -> int:
    """Seconds until a device that the account does not know may try, after so many failures in its name in an hour.

    Slow enough that guessing from many networks leads nowhere, short enough that it shuts nobody out: half a minute
    at most, and nothing for the first twenty.
    """
    return 0 if failures < 20 else min(2 ** (failures - 20), 30)


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """What a browser says of itself, as its owner would: "Firefox, Windows"; empty where it says nothing known.

    The first that fits counts: Edge calls itself Chrome and Safari as well, and Android calls itself Linux.
    """
    tables = (_BROWSERS, _SYSTEMS)
    known = [next((name for mark, name in table if mark in user_agent), "") for table in tables]
    return ", ".join(filter(None, known))
