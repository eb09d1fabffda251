"""What our own relay said of a mail, and what somebody else wrote in its name."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.mail.authentication import TrustedRelays
from madoguchi.mail.conditions import conditions
from madoguchi.mail.dkim_check import LONGEST_HEADER
from madoguchi.mail.testimony import SILENCE, RelayTestimony, head_of, hear

MARKS = conditions(["header X-Spam-Flag is yes", "header X-Spam-Status begins yes"])
RELAYS = (ip_network("192.0.2.0/28"),)
OWN, FOREIGN = "Received: from x by mx.csirt.example", "Received: from y by mx.sender.example"
FAILED = "Authentication-Results: mx.csirt.example; spf=fail smtp.mailfrom=bank.example; dmarc=fail"


def said(*fields: str, relayed: bool = True, above: int = 1) -> RelayTestimony:
    raw = "\r\n".join((*fields, "From: a@bank.example", "", "Text")).encode()
    trusted = TrustedRelays(RELAYS, "mx.csirt.example", above)
    return hear(head_of(raw), relayed=relayed, trusted=trusted, marks=MARKS)


@pytest.mark.parametrize(
    ("fields", "spam"),
    [
        (["X-Spam-Flag: YES", OWN, FOREIGN], "header X-Spam-Flag is yes"),
        ([OWN, "X-Spam-Flag: YES", FOREIGN], "header X-Spam-Flag is yes"),
        ([OWN, "X-Spam-Status: Yes, score=7.2 required=5.0"], "header X-Spam-Status begins yes"),
        ([OWN, "X-Spam-Flag: NO", FOREIGN], ""),
        ([OWN, FOREIGN], ""),
    ],
)
def test_a_relays_mark_is_believed_where_the_relay_writes(fields: list[str], spam: str) -> None:
    assert said(*fields).spam == spam


@pytest.mark.parametrize(
    ("fields", "relayed", "above"),
    [
        ([OWN, FOREIGN, "X-Spam-Flag: YES"], True, 1),  # a server before ours wrote it, or the sender
        ([OWN, "X-Spam-Flag: YES"], True, 0),
        ([OWN, "X-Spam-Flag: NO", "X-Spam-Flag: YES", FOREIGN], True, 1),  # ours stands on top
        (["X-Spam-Flag: YES"], False, 1),  # no relay of ours handed it over
    ],
)
def test_a_mark_that_somebody_else_wrote_is_not_believed(
    fields: list[str], relayed: bool, above: int
) -> None:
    assert said(*fields, relayed=relayed, above=above).spam == ""


@pytest.mark.parametrize(
    ("result", "policy"),
    [
        ("dmarc=fail (p=REJECT sp=NONE dis=NONE) header.from=bank.example", "reject"),  # OpenDMARC, Google
        ("dmarc=fail (p=quarantine dis=none) header.from=bank.example", "quarantine"),
        (
            'dmarc=fail reason="No valid SPF; No valid DKIM" header.from=bank.example (policy=reject)',
            "reject",
        ),
        ("dmarc=fail policy.dmarc=reject header.from=bank.example", "reject"),
        ("dmarc=fail policy.published-domain-policy=quarantine header.from=bank.example", "quarantine"),
        ("dmarc=fail (p=none dis=none) header.from=bank.example", "none"),
        ("dmarc=fail header.from=p.reject.example", ""),
    ],
)
def test_the_policy_is_read_as_the_programs_write_it(result: str, policy: str) -> None:
    for form in (
        f"Authentication-Results: mx.csirt.example; spf=pass smtp.mailfrom=x.example; {result}",
        f"ARC-Authentication-Results: i=2; mx.csirt.example; {result}",
    ):
        assert said(form, OWN, FOREIGN) == RelayTestimony(dmarc="fail", policy=policy)


def test_an_earlier_server_that_the_relay_believes_is_named() -> None:
    results = "Authentication-Results: mx.csirt.example; arc=pass (i=1); dmarc=fail (p=reject) header.from=a.example"
    assert said(results, OWN).arc == "pass"
    assert said(f"{FAILED} (p=reject) header.from=a.example", OWN).arc == ""


@pytest.mark.parametrize(
    "fields",
    [
        ["Authentication-Results: mx.other.example; dmarc=fail (p=reject) header.from=bank.example", OWN],
        [OWN, FOREIGN, f"{FAILED} (p=reject) header.from=bank.example"],
        ["Authentication-Results: mx.csirt.example; dmarc=(((", OWN],
        ["Authentication-Results: mx.csirt.example; none", OWN],
    ],
)
def test_results_of_others_and_such_as_can_not_be_read_say_nothing(fields: list[str]) -> None:
    assert said(*fields) == SILENCE


def test_a_relay_without_a_name_may_mark_spam_and_vouches_for_nothing() -> None:
    raw = f"X-Spam-Flag: YES\r\n{FAILED} (p=reject)\r\n\r\n".encode()
    found = hear(head_of(raw), relayed=True, trusted=TrustedRelays(RELAYS), marks=MARKS)
    assert found == RelayTestimony(spam="header X-Spam-Flag is yes")


def test_a_header_beyond_all_measure_says_nothing() -> None:
    raw = b"X-Spam-Flag: YES\r\nX-Long: " + b"x" * LONGEST_HEADER + b"\r\n\r\n"
    assert hear(head_of(raw), relayed=True, trusted=TrustedRelays(RELAYS), marks=MARKS) == SILENCE


@given(st.binary(max_size=400), st.booleans())
def test_whatever_stands_in_a_header_an_answer_is_given(text: bytes, relayed: bool) -> None:
    raw = (
        b"Authentication-Results: mx.csirt.example; dmarc=" + text + b"\r\nX-Spam-Flag: " + text + b"\r\n\r\n"
    )
    trusted = TrustedRelays(RELAYS, "mx.csirt.example")
    found = hear(head_of(raw), relayed=relayed, trusted=trusted, marks=MARKS)
    assert relayed or found == SILENCE
