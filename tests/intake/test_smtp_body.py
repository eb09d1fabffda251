"""Any mail comes out of DATA as it went in, however the network cuts it."""

import asyncio
import re
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from madoguchi.intake.smtp_body import STOP, Body, Ceiling

PIECES = [b".", b"..", b"\r\n", b"\n", b"\r", b"a", b".\r\n", b"\r\n.", b"x" * 1100, b"\x00", b"\xff"]
contents = st.lists(st.sampled_from(PIECES) | st.binary(max_size=5), max_size=40).map(b"".join)


async def through(wire: bytes, cuts: list[int]) -> tuple[Body, bytes, bytes]:
    """What a session does: reads up to STOP from a reader with a small limit; the body and what is left."""
    reader = asyncio.StreamReader(limit=1001)
    body = Body(size=10**6, line=None, ceiling=Ceiling(10**6))
    edges = [0, *sorted(cut % (len(wire) + 1) for cut in cuts), len(wire)]
    for begin, end in pairwise(edges):
        asyncio.get_running_loop().call_soon(reader.feed_data, wire[begin:end])
    while True:
        try:
            chunk = await asyncio.wait_for(reader.readuntil(STOP), 5)
        except asyncio.LimitOverrunError as error:
            chunk = await reader.read(error.consumed)
        if body.add(chunk):
            break
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    reader.feed_eof()
    return body, body.raw(), await reader.read()


@settings(max_examples=300, deadline=None)
@given(contents, st.lists(st.integers(min_value=0, max_value=10**6), max_size=4))
def test_what_a_careful_client_sends_is_kept_byte_for_byte(content: bytes, cuts: list[int]) -> None:
    """Dots are doubled at the start of each line, behind a bare LF too, as smtplib does."""
    content += b"" if content.endswith(b"\r\n") or not content else b"\r\n"
    wire = re.sub(rb"(?m)^\.", b"..", content) + STOP
    assume(not re.search(rb"\r\.[\r\n]", wire))  # refused: to some, a CR alone is a line end
    body, raw, rest = asyncio.run(through(wire + b"NOOP\r\n", cuts))
    assert body.refusal is None
    assert raw == content
    assert rest == b"NOOP\r\n"


@settings(max_examples=300, deadline=None)
@given(contents, st.lists(st.integers(min_value=0, max_value=10**6), max_size=4))
def test_whatever_is_sent_ends_at_the_first_true_end_and_never_carries_a_false_one(
    content: bytes, cuts: list[int]
) -> None:
    wire = content + b"\r\n.\r\n"
    end = 3 if wire.startswith(STOP) else wire.index(b"\r\n.\r\n") + 5
    body, raw, rest = asyncio.run(through(wire, cuts))
    assert rest == wire[end:]
    lone = re.search(rb"(\A|[\r\n])\.[\r\n]", wire[: end - 3])
    assert (body.refusal is not None) == (lone is not None)
    if lone:
        assert raw == b""


def test_what_is_refused_or_let_go_holds_no_memory() -> None:
    ceiling = Ceiling(100)
    body = Body(size=1000, line=None, ceiling=ceiling)
    body.add(b"x" * 60)
    assert ceiling.held == 60
    body.add(b"x" * 60)
    assert body.refusal is not None
    assert body.refusal.startswith("451")
    assert ceiling.held == 0
    body.discard()
    assert ceiling.held == 0
