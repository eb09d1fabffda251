"""Who vouches for the sender: real signatures, a real DNS server."""

import base64
import time
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import dkim
import dns.resolver
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.dnsserver import DnsServer, serving

from madoguchi.mail.authentication import (
    Authentication,
    TrustedRelays,
    authenticate,
    organisational_domain,
)
from madoguchi.mail.dkim_check import MOST_SIGNATURES
from madoguchi.mail.lookup import Lookup, NoAnswerError, resolver_for

LETTER = (
    b"From: Hana <hana@site.example>\r\nTo: report@csirt.example\r\nSubject: a report\r\n"
    b"Date: Mon, 05 Jan 2026 09:00:00 +0900\r\nMessage-ID: <1@site.example>\r\n\r\nSomething happened.\r\n"
)
PEER = "192.0.2.10"
NOBODY = TrustedRelays()


def _key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


KEY, SMALL = _key(1024), _key(1024)


def _private(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _record(key: rsa.RSAPrivateKey, extra: str = "") -> str:
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = f"v=DKIM1; {extra}p={base64.b64encode(der).decode()}"
    return " ".join(f'"{text[start : start + 200]}"' for start in range(0, len(text), 200))


def _signed(
    letter: bytes = LETTER, domain: bytes = b"site.example", selector: bytes = b"s1", **how: Any
) -> bytes:
    how = {"canonicalize": (b"relaxed", b"relaxed"), "include_headers": [b"from", b"to", b"subject"], **how}
    signature: bytes = dkim.sign(letter, selector, domain, _private(KEY), **how)
    return signature + letter


@pytest.fixture(scope="module")
def dns_server() -> Iterator[DnsServer]:
    zone = {
        ("s1._domainkey.site.example", "TXT"): [_record(KEY)],
        ("s1._domainkey.mail.site.example", "TXT"): [_record(KEY)],
        ("s1._domainkey.evil.example", "TXT"): [_record(KEY)],
        ("test._domainkey.site.example", "TXT"): [_record(KEY, "t=y:s; ")],
        ("other._domainkey.site.example", "TXT"): [_record(SMALL)],
        ("ed._domainkey.site.example", "TXT"): ['"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="'],
        ("broken._domainkey.site.example", "TXT"): ['"v=DKIM1; p=AAAA"'],
        ("huge._domainkey.site.example", "TXT"): [" ".join(['"v=DKIM1; p="'] + ['"' + "A" * 200 + '"'] * 20)],
        ("none._domainkey.site.example", "TXT"): ['"something else"'],
        ("site.example", "TXT"): ['"verification=4711"', '"v=spf1 ip4:192.0.2.0/28 a:out.site.example mx -all"'],
        ("out.site.example", "A"): ["198.51.100.7"],
        ("site.example", "MX"): ["10 mx.site.example."],
        ("mx.site.example", "A"): ["198.51.100.8"],
        ("bounce.site.example", "TXT"): ['"v=spf1 include:site.example ~all"'],
        ("evil.example", "TXT"): ['"v=spf1 +all"'],
        ("six.example", "TXT"): ['"v=spf1 ip6:2001:db8::/32 -all"'],
        ("loop.example", "TXT"): ['"v=spf1 include:loop.example -all"'],
        ("two.example", "TXT"): ['"v=spf1 -all"', '"v=spf1 +all"'],
        ("void.example", "TXT"): ['"v=spf1 a:a.no.example a:b.no.example a:c.no.example +all"'],
        ("far.example", "TXT"): ['"v=spf1 include:failing.example -all"'],
    }  # fmt: skip
    with serving(zone) as server:
        server.failing |= {"failing.example", "fail._domainkey.site.example"}
        yield server


@pytest.fixture(scope="module")
def resolver(dns_server: DnsServer) -> dns.resolver.Resolver:
    return dns_server.resolver()


def _check(raw: bytes, resolver: dns.resolver.Resolver, **known: Any) -> Authentication:
    facts: dict[str, Any] = {
        "peer": "203.0.113.1",
        "helo": "out.site.example",
        "mail_from": "hana@site.example",
        "header_from": ["hana@site.example"],
        "trusted": NOBODY,
    }
    return authenticate(raw, resolver=resolver, **(facts | known))


# --- DKIM ---


def test_a_signed_mail_is_aligned_wherever_it_comes_from(resolver: dns.resolver.Resolver) -> None:
    found = _check(_signed(), resolver)
    assert found == Authentication(
        "fail", (("site.example", "pass"),), aligned=True, by="dkim", reason="dkim"
    )


@pytest.mark.parametrize("headers", [b"simple", b"relaxed"])
@pytest.mark.parametrize("body", [b"simple", b"relaxed"])
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\r\n",
        b"one\r\n",
        b"no end",
        b"spaces  \t here \t\r\n\r\n\r\n",
        b" \r\n\r\n",
        b"lone \r cr\r\r\n\r\n",
        b"\xe3\x81\x82\r\n",
    ],
)
def test_every_canonicalisation_of_every_body_verifies(
    resolver: dns.resolver.Resolver, headers: bytes, body: bytes, text: bytes
) -> None:
    letter = LETTER.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + text
    assert _check(_signed(letter, canonicalize=(headers, body)), resolver).dkim == (("site.example", "pass"),)


@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"x", b".", b"\r", b"yy "])).map(b"".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_our_bounded_canonicalisation_is_the_librarys(resolver: dns.resolver.Resolver, text: bytes) -> None:
    letter = LETTER.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + text
    for body in (b"simple", b"relaxed"):
        assert _check(_signed(letter, canonicalize=(b"relaxed", body)), resolver).dkim == (
            ("site.example", "pass"),
        )


def test_line_ends_changed_on_the_way_do_not_break_it(resolver: dns.resolver.Resolver) -> None:
    assert _check(_signed().replace(b"\r\n", b"\n"), resolver).aligned


def test_an_unsigned_mail_has_no_result_rather_than_a_failed_one(resolver: dns.resolver.Resolver) -> None:
    found = _check(LETTER, resolver)
    assert (found.dkim, found.aligned, found.reason) == ((), False, "unaligned")


RESULTS = [
    ("a changed body", _signed().replace(b"happened", b"occurred"), "site.example", "fail"),
    ("a changed subject", _signed().replace(b"a report", b"another"), "site.example", "fail"),
    ("another's key", _signed(selector=b"other"), "site.example", "fail"),
    ("no such key", _signed(selector=b"absent"), "site.example", "permerror"),
    ("a record that is no key", _signed(selector=b"none"), "site.example", "permerror"),
    ("a key that cannot be read", _signed(selector=b"broken"), "site.example", "fail"),
    ("a key larger than any", _signed(selector=b"huge"), "site.example", "permerror"),
    ("an RSA signature under an Ed25519 key", _signed(selector=b"ed"), "site.example", "permerror"),
    ("a DNS that fails", _signed(selector=b"fail"), "site.example", "temperror"),
    ("a domain that only tests", _signed(selector=b"test"), "site.example", "policy"),
    ("a body signed in part", _signed(length=True) + b"and more", "site.example", "policy"),
    ("SHA-1", _signed(signature_algorithm=b"rsa-sha1"), "site.example", "policy"),
    ("From is not signed", _signed().replace(b"h=from : to", b"h=date : to", 1), "site.example", "permerror"),
    ("no tags", b"DKIM-Signature: nonsense\r\n" + LETTER, "", "permerror"),
    ("an empty one", b"DKIM-Signature:\r\n" + LETTER, "", "permerror"),
    ("an endless one", b"DKIM-Signature: v=1; b=" + b"A" * 5000 + b"\r\n" + LETTER, "", "permerror"),
]


def test_an_ed25519_signature_counts(resolver: dns.resolver.Resolver) -> None:
    """With the key pair of RFC 8463, appendix A."""
    seed = b"nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
    signature = dkim.sign(LETTER, b"ed", b"site.example", seed, signature_algorithm=b"ed25519-sha256")
    found = _check(signature + LETTER, resolver)
    assert (found.dkim, found.aligned, found.by) == ((("site.example", "pass"),), True, "dkim")


@pytest.mark.parametrize(("case", "raw", "domain", "result"), RESULTS, ids=[case for case, *_ in RESULTS])
def test_a_signature_that_proves_nothing(
    resolver: dns.resolver.Resolver, case: str, raw: bytes, domain: str, result: str
) -> None:
    found = _check(raw, resolver)
    assert found.dkim == ((domain, result),)
    assert not found.aligned
    assert found.reason == ("temporary" if result == "temperror" else "unaligned")


def test_one_good_signature_among_bad_ones_is_enough(resolver: dns.resolver.Resolver) -> None:
    raw = b"DKIM-Signature: nonsense\r\n" + _signed(_signed(), selector=b"absent")
    found = _check(raw, resolver)
    assert [result for _, result in found.dkim] == ["permerror", "permerror", "pass"]
    assert found.by == "dkim"


def test_only_so_many_signatures_are_checked(resolver: dns.resolver.Resolver, dns_server: DnsServer) -> None:
    found = _check(b"DKIM-Signature: nonsense\r\n" * MOST_SIGNATURES + _signed(), resolver)
    assert (len(found.dkim), found.aligned) == (MOST_SIGNATURES, False)


@pytest.mark.parametrize(
    ("domain", "author", "aligned"),
    [
        (b"site.example", "hana@site.example", True),
        (b"mail.site.example", "hana@site.example", True),
        (b"site.example", "hana@staff.site.example", True),
        (b"site.example", "hana@SITE.example.", True),
        (b"evil.example", "hana@site.example", False),
        (b"site.example", "hana@example", False),
        (b"site.example", "", False),
    ],
)
def test_alignment_is_by_the_registered_domain(
    resolver: dns.resolver.Resolver, domain: bytes, author: str, aligned: bool
) -> None:
    found = _check(_signed(domain=domain), resolver, header_from=[author], mail_from="")
    assert found.dkim == ((domain.decode(), "pass"),)
    assert found.aligned is aligned


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("www.example.com", "example.com"),
        ("a.b.example.co.jp", "example.co.jp"),
        ("co.jp", "co.jp"),
        ("mallory.github.io", "mallory.github.io"),
        ("a.csirt.example", "csirt.example"),
        ("csirt.example", "csirt.example"),
        ("ドメイン.co.jp", "xn--eckwd4c7c.co.jp"),
        ("", ""),
        ("[192.0.2.1]", ""),
        ("192.0.2.1", ""),
    ],
)
def test_the_registered_domain(domain: str, registered: str) -> None:
    assert organisational_domain(domain) == registered


@pytest.mark.parametrize(
    ("raw", "authors"),
    [
        (_signed(), ["hana@site.example", "ceo@bank.example"]),
        (b"From: ceo@bank.example\r\n" + _signed(), ["hana@site.example"]),
        (b"from : ceo@bank.example\r\n" + _signed(), ["hana@site.example"]),
    ],
)
def test_more_than_one_author_is_never_aligned(
    resolver: dns.resolver.Resolver, raw: bytes, authors: list[str]
) -> None:
    found = _check(raw, resolver, header_from=authors)
    assert (found.aligned, found.by, found.reason) == (False, None, "several-authors")


# --- SPF ---

SPF = [
    ("the network of the domain", "192.0.2.10", "hana@site.example", "pass"),
    ("the address of a host", "198.51.100.7", "hana@site.example", "pass"),
    ("a mail exchanger", "198.51.100.8", "hana@site.example", "pass"),
    ("an include", "192.0.2.10", "b@bounce.site.example", "pass"),
    ("as IPv6 shows an IPv4 peer", "::ffff:192.0.2.10", "hana@site.example", "pass"),
    ("over IPv6", "2001:db8::1", "x@six.example", "pass"),
    ("anywhere else", "203.0.113.1", "hana@site.example", "fail"),
    ("a softer end", "203.0.113.1", "b@bounce.site.example", "softfail"),
    ("no record", "192.0.2.10", "x@unknown.example", "none"),
    ("two records", "192.0.2.10", "x@two.example", "permerror"),
    ("a record that includes itself", "192.0.2.10", "x@loop.example", "permerror"),
    ("too many names without records", "192.0.2.10", "x@void.example", "permerror"),
    ("a DNS that fails", "192.0.2.10", "x@failing.example", "temperror"),
    ("a DNS that fails further on", "192.0.2.10", "x@far.example", "temperror"),
    ("two signs in the address", "192.0.2.10", "x@evil.example@site.example", "permerror"),
    ("a name longer than any", "192.0.2.10", "x@" + "a." * 200 + "example", "permerror"),
    ("a label longer than any", "192.0.2.10", "x@" + "a" * 70 + ".example", "none"),
    ("the null reverse-path: HELO", "198.51.100.7", "", "none"),
    ("a peer that is no address", "unix", "hana@site.example", "permerror"),
]


@pytest.mark.parametrize(("case", "peer", "mail_from", "result"), SPF, ids=[case for case, *_ in SPF])
def test_spf(resolver: dns.resolver.Resolver, case: str, peer: str, mail_from: str, result: str) -> None:
    assert _check(LETTER, resolver, peer=peer, mail_from=mail_from).spf == result


@pytest.mark.parametrize(
    ("peer", "mail_from", "aligned"),
    [
        (PEER, "hana@site.example", True),
        (PEER, "b+1@bounce.site.example", True),
        ("203.0.113.1", "hana@site.example", False),
        (PEER, "x@evil.example", False),
        (PEER, "", False),
        (None, "hana@site.example", False),
    ],
)
def test_spf_aligns_by_the_reverse_path(
    resolver: dns.resolver.Resolver, peer: str | None, mail_from: str, aligned: bool
) -> None:
    found = _check(LETTER, resolver, peer=peer, mail_from=mail_from)
    assert (found.aligned, found.by) == (aligned, "spf" if aligned else None)


# --- The DNS ---


def test_a_silent_dns_is_a_temporary_error_in_bounded_time(dns_server: DnsServer) -> None:
    dns_server.silent.add("silent.example")
    resolver = dns_server.resolver()
    resolver.timeout = 0.1
    start = time.monotonic()
    with pytest.raises(NoAnswerError):
        Lookup(resolver, seconds=0.3).ask("silent.example", "TXT")
    assert time.monotonic() - start < 2


def test_the_time_for_one_mail_is_bounded_as_a_whole(resolver: dns.resolver.Resolver) -> None:
    now = [0.0]
    lookup = Lookup(resolver, seconds=20, clock=lambda: now[0])
    assert lookup.texts("evil.example", longest=100) == [b"v=spf1 +all"]
    assert lookup.texts("evil.example", longest=5) == []
    now[0] = 20.0
    with pytest.raises(NoAnswerError):
        lookup.ask("evil.example", "TXT")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a..b", "x" * 64 + ".example", "a." * 200, "\ud800.example", "ａ\u200b.example"]
)
def test_what_is_no_name_has_no_records(resolver: dns.resolver.Resolver, name: str) -> None:
    assert Lookup(resolver).ask(name, "A") == []


def test_resolvers_are_named_by_address_and_port() -> None:
    made = resolver_for(["192.0.2.53", "192.0.2.53:5353", "[2001:db8::53]:5353", "2001:db8::53"])
    assert [str(server) for server in made.nameservers] == [
        "Do53:192.0.2.53@53",
        "Do53:192.0.2.53@5353",
        "Do53:2001:db8::53@5353",
        "Do53:2001:db8::53@53",
    ]


# --- A relay that we trust ---

RELAY = TrustedRelays((ip_network("10.0.0.0/24"), ip_network("2001:db8:1::/48")), "mx.csirt.example")
RECEIVED = b"Received: from x by mx.csirt.example; Mon, 05 Jan 2026 09:00:00 +0900\r\n"


def _results(text: str, name: str = "mx.csirt.example") -> bytes:
    return f"Authentication-Results: {name}; {text}\r\n".encode()


PASS = _results("dmarc=pass header.from=site.example")

RELAYED = [
    ("it found DMARC to pass", PASS + RECEIVED, "relay"),
    ("DKIM", _results("dkim=pass header.d=site.example header.s=s1") + RECEIVED, "relay"),
    ("DKIM by identity", _results("dkim=pass header.i=@mail.site.example") + RECEIVED, "relay"),
    ("SPF", _results("spf=pass (by (someone)) smtp.mailfrom=b@bounce.site.example") + RECEIVED, "relay"),
    ("folded, in any case", b"AUTHENTICATION-RESULTS: MX.csirt.example;\r\n\tdmarc=PASS header.from=Site.Example\r\n" + RECEIVED, "relay"),
    ("another's result above its own", _results("dmarc=fail", "other.example") + PASS + RECEIVED, "relay"),
    ("it found nothing", _results("none") + RECEIVED, "relay-unaligned"),
    ("it found a failure", _results("dmarc=fail header.from=site.example") + RECEIVED, "relay-unaligned"),
    ("another domain passed", _results("dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=evil.example") + RECEIVED, "relay-unaligned"),
    ("DMARC of another domain", _results("dmarc=pass header.from=evil.example") + RECEIVED, "relay-unaligned"),
    ("a method that proves no domain", _results("iprev=pass policy.iprev=192.0.2.1") + RECEIVED, "relay-unaligned"),
    ("its failure above a forged success", _results("dmarc=fail header.from=site.example") + PASS + RECEIVED, "relay-unaligned"),
    ("a forged one below where it received the mail", RECEIVED + PASS, "relay-silent"),
    ("only another's", _results("dmarc=pass header.from=site.example", "evil.example") + RECEIVED, "relay-silent"),
    ("a name that begins like its own", _results("dmarc=pass header.from=site.example", "mx.csirt.example.evil.example") + RECEIVED, "relay-silent"),
    ("one that cannot be read", b"Authentication-Results: mx.csirt.example; dmarc=\r\n" + RECEIVED, "relay-silent"),
    ("one with endless comments", _results("(" * 3000 + "dmarc=pass") + RECEIVED, "relay-silent"),
    ("none", RECEIVED, "relay-silent"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "top", "reason"), RELAYED, ids=[case for case, *_ in RELAYED])
def test_a_trusted_relay_says(resolver: dns.resolver.Resolver, case: str, top: bytes, reason: str) -> None:
    found = _check(top + LETTER, resolver, peer="10.0.0.5", trusted=RELAY)
    assert found.reason == reason
    assert (found.aligned, found.by) == ((True, "relay") if reason == "relay" else (False, None))


def test_a_relays_findings_are_shown(resolver: dns.resolver.Resolver) -> None:
    top = _results(
        "spf=softfail smtp.mailfrom=x@y.example; dkim=pass header.d=site.example; dkim=fail header.d=y.example"
    )
    found = _check(top + RECEIVED + LETTER, resolver, peer="10.0.0.5", trusted=RELAY)
    assert (found.spf, found.dkim) == ("softfail", (("site.example", "pass"), ("y.example", "fail")))


def test_the_result_of_a_second_relay_stands_below_one_received(resolver: dns.resolver.Resolver) -> None:
    two = TrustedRelays(RELAY.networks, RELAY.authserv_id, received_above=1)
    inside = b"Received: from mx.csirt.example by inner.csirt.example\r\n"
    assert _check(inside + PASS + RECEIVED + LETTER, resolver, peer="10.0.0.5", trusted=two).by == "relay"
    assert not _check(inside + RECEIVED + PASS + LETTER, resolver, peer="10.0.0.5", trusted=two).aligned


@pytest.mark.parametrize("peer", ["203.0.113.1", "10.0.1.5", None, "unix"])
def test_what_a_stranger_writes_about_itself_counts_for_nothing(
    resolver: dns.resolver.Resolver, peer: str | None
) -> None:
    found = _check(PASS + LETTER, resolver, peer=peer, mail_from="x@evil.example", trusted=RELAY)
    assert (found.aligned, found.by) == (False, None)


@pytest.mark.parametrize("peer", ["10.0.0.5", "::ffff:10.0.0.5", "2001:db8:1::25"])
def test_the_relays_networks(peer: str) -> None:
    assert RELAY.include(peer)


def test_two_authors_are_not_aligned_by_a_relay_either(resolver: dns.resolver.Resolver) -> None:
    found = _check(
        PASS + RECEIVED + b"From: x@y.example\r\n" + LETTER, resolver, peer="10.0.0.5", trusted=RELAY
    )
    assert (found.aligned, found.reason) == (False, "several-authors")


def test_behind_a_relay_that_does_not_authenticate_dkim_is_checked_and_spf_is_not(
    resolver: dns.resolver.Resolver,
) -> None:
    silent = TrustedRelays(RELAY.networks, None)
    assert _check(RECEIVED + _signed(), resolver, peer="10.0.0.5", trusted=silent).by == "dkim"
    found = _check(PASS + RECEIVED + LETTER, resolver, peer="10.0.0.5", trusted=silent)
    assert (found.spf, found.aligned) == (None, False)


# --- Hostile mail ---


def _of_signature(value: bytes) -> bytes:
    return b"DKIM-Signature: v=1; a=rsa-sha256; d=site.example; s=s1; bh=AAAA; " + value + b"\r\n" + LETTER


HOSTILE = [
    ("a header without end", b"X: " + b"a" * 200_000),
    ("very many fields", b"X: a\r\n" * 20_000 + LETTER),
    ("a field of folded lines", b"X: a\r\n" + b" \r\n" * 40_000 + LETTER),
    ("spaces without end in a signed body", _signed() + b" " * 8_000_000),
    ("tabs before every letter", _signed() + (b"\t" * 997 + b"x") * 8_000),
    ("empty lines without end", _signed() + b"\r\n" * 4_000_000),
    ("white space in the signature's tags", _of_signature(b"h=from" + b" " * 3900 + b"x; b=AAAA")),
    ("white space before the value", _of_signature(b"h=from; b" + b" \r\n " * 900 + b"x=AAAA")),
    ("white space in the value", _of_signature(b"h=from; b=A" + b" " * 3900 + b"!")),
    ("very many names", _of_signature(b"b=AAAA; h=from" + b":a" * 1900)),
    ("no line end at all", b"x" * 5_000_000),
    ("zero bytes", b"\0" * 100_000),
]


@pytest.mark.parametrize(("case", "raw"), HOSTILE, ids=[case for case, _ in HOSTILE])
def test_hostile_mail_takes_little_time(resolver: dns.resolver.Resolver, case: str, raw: bytes) -> None:
    start = time.process_time()
    assert _check(raw, resolver).reason in {"header-too-large", "unaligned", "dkim"}
    assert time.process_time() - start < 3


names = st.text(max_size=30) | st.sampled_from(
    ["site.example", "hana@site.example", "%{p}.example", "@", "a@b@c"]
)


@given(
    raw=st.binary(max_size=300) | st.binary(max_size=60).map(_of_signature),
    mail_from=names,
    helo=names,
    author=names,
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
def test_nothing_raises(
    resolver: dns.resolver.Resolver, raw: bytes, mail_from: str, helo: str, author: str
) -> None:
    found = _check(raw, resolver, mail_from=mail_from, helo=helo, header_from=[author], peer=PEER)
    assert found.by in {None, "spf"}


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
def test_no_key_record_raises(dns_server: DnsServer, key: bytes) -> None:
    dns_server.zone["s1._domainkey.fuzz.example", "TXT"] = [f'"p={base64.b64encode(key[:180]).decode()}"']
    ((domain, result),) = _check(_signed(domain=b"fuzz.example"), dns_server.resolver()).dkim
    assert (domain, result in {"fail", "permerror", "policy"}) == ("fuzz.example", True)


@given(
    st.text(
        alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"\\;'),
        max_size=150,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
def test_no_spf_record_raises(dns_server: DnsServer, record: str) -> None:
    dns_server.zone["fuzz.example", "TXT"] = [f'"v=spf1 {record}"']
    assert _check(LETTER, dns_server.resolver(), mail_from="x@fuzz.example", peer=PEER).spf
