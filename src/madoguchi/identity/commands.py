"""The command `madoguchi staff`: accounts, by one-time link."""

import argparse
import os
import sys
from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from madoguchi.audit.actions import OPERATOR
from madoguchi.identity import actions, queries
from madoguchi.identity.errors import IdentityError
from madoguchi.identity.policy import TABLE, Role

_EXAMPLE = """\
example:
  madoguchi staff add taro --name "Taro Suzuki" --role handler
  madoguchi staff reset taro
  madoguchi staff reset taro --second-factor
  madoguchi staff disable taro
"""


def staff(argv: list[str]) -> int:
    """`madoguchi staff add|reset|disable|list`; gives an exit code of sysexits."""
    parser = argparse.ArgumentParser(
        prog="madoguchi staff",
        description="Accounts of the staff; passwords are set by one-time link.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = parser.add_subparsers(dest="what", required=True)
    add = parts.add_parser("add", help="a new account")
    add.add_argument("username")
    add.add_argument("--name", default="")
    add.add_argument("--role", action="append", choices=sorted(TABLE), required=True)
    reset = parts.add_parser("reset", help="a new one-time link")
    reset.add_argument("username")
    reset.add_argument(
        "--second-factor", action="store_true", help="also ends the second factors, for who lost them all"
    )
    parts.add_parser("disable", help="ends an account").add_argument("username")
    parts.add_parser("list", help="every account with its roles")
    given = parser.parse_args(argv)
    try:
        sys.stdout.write(_done(given))
    except IdentityError as error:
        sys.stderr.write(f"madoguchi staff: {error}\n")
        return os.EX_DATAERR
    return os.EX_OK


def _done(given: argparse.Namespace) -> str:
    match given.what:
        case "add":
            return _told(
                given.username, add_with_link(given.username, given.name or given.username, given.role)
            )
        case "reset":
            if given.second_factor:
                actions.forget_factors(actor=OPERATOR, now=timezone.now(), username=given.username)
            return _told(given.username, link_path(given.username))
        case "disable":
            actions.disable_staff(actor=OPERATOR, now=timezone.now(), username=given.username)
            return f"{given.username} signs in no more.\n"
    return "".join(
        f"{one.username}\t{one.name}\t{', '.join(roles)}{'' if one.is_active else ' (disabled)'}\n"
        for one, roles in queries.staff_list()
    )


def add_with_link(username: str, name: str, roles: Sequence[Role]) -> str:
    """A new account; gives the path of its one-time link."""
    actions.add_staff(actor=OPERATOR, now=timezone.now(), username=username, name=name, roles=roles)
    return link_path(username)


def link_path(username: str) -> str:
    """The path of a fresh one-time link for this account."""
    token = actions.issue_link(actor=OPERATOR, now=timezone.now(), username=username)
    return reverse("identity:set-password", args=[token])


def _told(username: str, path: str) -> str:
    return f"{username} sets a password here, once, within 24 hours:\n  {settings.OPTIONS.base_url}{path}\n"
