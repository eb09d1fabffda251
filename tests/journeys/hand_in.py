"""Hands filled forms in to the tree's store, as a page does; run as a program in the tree's environment.

`anonymous` or `contact`, then how many: prints what each reporter would be shown, one line of JSON each, as soon as it
may be shown.
"""

import json
import sys
from datetime import UTC, datetime

import launch  # type: ignore[import-not-found]  # noqa: F401 -- it lies beside this script; its patches hold here too

from madoguchi.config.command import set_up_django

set_up_django()

from madoguchi.intake.actions import accept_form  # noqa: E402 -- Django has to be set up first
from madoguchi.mail.forms import INCIDENT_REPORT, File, compose  # noqa: E402

LARGE = 3 * 1024 * 1024


def main() -> None:
    contact, many = sys.argv[1], int(sys.argv[2])
    for number in range(many):
        answers = {"kind": "intrusion", "what": f"Report {number} {contact}", "contact": contact}
        if contact == "contact":
            answers["address"] = "alice@reporter.example"
        files = [File("log", "text/plain", LARGE, [b"x" * LARGE])] if number % 10 == 9 else []
        raw = compose(INCIDENT_REPORT, answers, files, language="en", notice="1")
        handed = accept_form(now=datetime.now(UTC), raw=raw, language="en", anonymous=contact == "anonymous")
        print(
            json.dumps({"reference": handed.reference, "receipt": handed.receipt, "link": handed.link}),
            flush=True,
        )


main()
