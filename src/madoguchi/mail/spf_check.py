"""Checks SPF (RFC 7208) with pyspf, over our own bounded look-ups."""

import warnings
from typing import Any, Final

from madoguchi.mail.lookup import Lookup, NoAnswerError

with warnings.catch_warnings():
    # Its docstrings hold escapes that Python warns of when it compiles them: at the first import of all.
    warnings.simplefilter("ignore")
    import spf

LONGEST_RECORD: Final = 2_048
LONGEST_LOCAL_PART: Final = 64  # RFC 5321, section 4.5.3.1
LONGEST_DOMAIN: Final = 255


class _Query(spf.query):  # type: ignore[misc]  # pyspf has no types
    """pyspf's evaluation of a record; only the way to the DNS is ours.

    pyspf asks dnspython's global resolver of the machine; `dns` is the one place where it asks.
    """

    def __init__(self, lookup: Lookup, **asked: str) -> None:
        self._lookup = lookup
        super().__init__(**asked)

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[Any]:  # noqa: ARG002 — pyspf's signature; a resolver follows CNAME by itself
        """Give the records in the forms that pyspf reads, and count the answers that were empty."""
        key = (str(name).rstrip(".").lower(), qtype)
        if key not in self.cache:
            self.cache[key] = self._records(*key)
        if not self.cache[key] and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("too many names without records")
        return list(self.cache[key])

    def _records(self, name: str, qtype: str) -> list[Any]:
        try:
            if qtype in {"TXT", "SPF"}:
                return [(text,) for text in self._lookup.texts(name, longest=LONGEST_RECORD)]
            found = self._lookup.ask(name, qtype)
        except NoAnswerError as error:
            raise spf.TempError(f"DNS: {error}") from error
        match qtype:
            case "A" | "AAAA":
                return [record.address for record in found]
            case "MX":
                return [(record.preference, record.exchange.to_text(omit_final_dot=True)) for record in found]
            case _:
                return [record.target.to_text(omit_final_dot=True) for record in found]


def check_spf(*, peer: str, helo: str, mail_from: str, lookup: Lookup) -> str:
    """Check whether the peer may send for the reverse-path's domain; for the null one, that of HELO.

    Gives one of the words of RFC 7208, section 2.6.
    """
    local, _, domain = mail_from.rpartition("@")
    # pyspf takes the domain from the first @, everybody else from the last: with two there is none.
    if "@" in local or len(local) > LONGEST_LOCAL_PART or max(len(domain), len(helo)) > LONGEST_DOMAIN:
        return "permerror"
    try:
        result: str = _Query(lookup, i=peer, s=mail_from, h=helo).check()[0]
    except (spf.PermError, ValueError, LookupError):  # an address or a name that is none
        return "permerror"
    return result
