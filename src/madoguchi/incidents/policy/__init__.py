"""What becomes of a mail, decided from facts alone: is it a report, is it acknowledged, which thread is it filed in.

Three questions, each a pure and total function: `sort_out`, `acknowledge` and `file_under`. The caller gathers the
facts and carries the decision out; the reasons stay with the decision, so that the report's page can show them.
"""

from madoguchi.incidents.policy.acknowledging import (
    ACK_RULES,
    AckDecision,
    AckFacts,
    AckLimits,
    acknowledge,
    vouched,
)
from madoguchi.incidents.policy.filing import Filing, MatchFacts, file_under
from madoguchi.incidents.policy.tray import EVIDENCE, GUARDS, TrayDecision, TrayFacts, sort_out

__all__ = [
    "ACK_RULES",
    "EVIDENCE",
    "GUARDS",
    "AckDecision",
    "AckFacts",
    "AckLimits",
    "Filing",
    "MatchFacts",
    "TrayDecision",
    "TrayFacts",
    "acknowledge",
    "file_under",
    "sort_out",
    "vouched",
]
