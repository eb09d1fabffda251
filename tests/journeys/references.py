"""The references of the reports in the tree's store; run as a program in the tree's environment."""

import json
import sys

import launch  # type: ignore[import-not-found]  # noqa: F401 -- it lies beside this script; its patches hold here too

from madoguchi.config.command import set_up_django

set_up_django()

from madoguchi.incidents.models import Report  # noqa: E402 -- Django has to be set up first

json.dump(list(Report.objects.values_list("correspondence__reference", flat=True)), sys.stdout)
