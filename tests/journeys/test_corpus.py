"""Real mail: every one comes through the doors, ends with an outcome, and opens again as it was sent."""

from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from journeys.sink import Sender, with_crlf
from journeys.tree import ADDRESS, Tree, wait_until
from shared import SHARED

MAIL = SHARED / "data" / "mail"
pytestmark = [
    pytest.mark.store,
    pytest.mark.skipif(not MAIL.is_dir(), reason="the collection of real mail is not beside this project"),
]
PIPED = 60


def collection() -> list[Path]:
    return sorted(MAIL.rglob("*.eml"))


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def hold_collection(tree: Tree, files: list[Path], piped: list[Path]) -> None:
    """Sends files through SMTP and others through `receive`; each must open from the vault as it was sent."""
    sent = [with_crlf(file.read_bytes()) for file in files]
    given = [file.read_bytes() for file in piped]
    with tree:
        sender = Sender(tree.smtp)
        codes = Counter(
            sender.send(f"sender{number}@site{number}.example", raw) for number, raw in enumerate(sent)
        )
        sender.close()
        for raw in given:
            assert (
                tree.call("receive", "--from", "list@site.example", "--to", ADDRESS, given=raw).returncode
                == 0
            )
        spool = tree.home / "spool"
        wait_until(lambda: not spool.is_dir() or not list(spool.iterdir()), what="the spool to be taken over")
        state = tree.drained()
        assert tree.stop() == 0
    assert codes == {250: len(sent)}
    assert Counter(one["digest"] for one in state.arrivals if one["door"] == "smtp") == Counter(
        map(digest, sent)
    )
    assert Counter(one["digest"] for one in state.arrivals if one["door"] == "pipe") == Counter(
        map(digest, given)
    )
    outcomes = Counter(one["outcome"] for one in state.arrivals)
    print(f"{len(sent)} through SMTP, {len(given)} through receive: {dict(outcomes)}")
    assert (state.failed, outcomes[""], outcomes.total()) == (0, 0, len(sent) + len(given))
    assert len(state.reports) == outcomes["report"]
    for word in ("Traceback", " ERROR ", "waits:"):
        assert word not in tree.said()


def test_some_real_mails_come_through_both_doors(tmp_path: Path, store: str) -> None:
    files = collection()
    hold_collection(Tree(tmp_path, store=store), files[::20], files[7 :: len(files) // 5])


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_real_mail_comes_through_the_smtp_door_and_sixty_through_the_pipe(
    tmp_path: Path, store: str
) -> None:
    files = collection()
    hold_collection(Tree(tmp_path, store=store), files, files[:: len(files) // PIPED][:PIPED])
