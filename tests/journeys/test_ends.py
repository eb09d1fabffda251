"""Ctrl-C, the next start, and the command that an MTA calls."""

import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from journeys.mails import report
from journeys.sink import Sender
from journeys.tree import ADDRESS, MADOGUCHI, Tree

pytestmark = pytest.mark.store

FORBIDDEN = re.compile(r"\b(django|psycopg|pydantic|madoguchi\.(mail|incidents|config\.settings))\b")
SOON = 10.0


def test_ctrl_c_ends_it_cleanly_and_the_next_start_goes_on(tmp_path: Path, store: str) -> None:
    tree = Tree(tmp_path, store=store)
    with tree:
        for number in range(3):
            mail = report(number)
            sender = Sender(tree.smtp)
            assert sender.send(mail.sender, mail.content) == 250
            sender.close()
            began = time.monotonic()
            assert tree.stop() == 0
            assert time.monotonic() - began < SOON
            tree.start()
        assert len(tree.drained().reports) == 3
        assert "Traceback" not in tree.said()


def test_the_web_server_goes_when_its_part_is_killed_and_comes_again(tmp_path: Path, store: str) -> None:
    with Tree(tmp_path, store=store) as tree:
        before = set(tree.left_over())
        os.kill(tree.part("web"), 9)
        # Nobody may be left who holds the port and answers for a part that is gone.
        tree.until_replaced(before, kept=3)
        assert tree.stop() == 0


def test_receive_keeps_the_mail_with_the_mta_where_the_home_is_missing(tmp_path: Path) -> None:
    done = Tree(tmp_path).call("receive", "--to", ADDRESS, given=report(1).content)
    assert done.returncode == os.EX_TEMPFAIL
    assert done.stderr.count(b"\n") == 1


def test_receive_imports_neither_django_nor_the_reader(tmp_path: Path) -> None:
    tree = _with_home(tmp_path)
    words = [sys.executable, "-X", "importtime", str(MADOGUCHI), "receive", "--to", ADDRESS]
    done = subprocess.run(
        words, env=tree.environment, input=report(1).content, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0
    imported = [line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines() if "|" in line]
    assert "madoguchi.intake.pipe" in imported
    assert [name for name in imported if FORBIDDEN.search(name)] == []


@pytest.mark.long
def test_receive_takes_little_more_time_than_python_itself(tmp_path: Path) -> None:
    tree = _with_home(tmp_path)
    receive = [str(MADOGUCHI), "receive", "--to", ADDRESS]
    took, bare = _times(tree, receive), _times(tree, [sys.executable, "-c", "pass"])
    middle = f"receive {statistics.median(took):.3f} s, python alone {statistics.median(bare):.3f} s"
    print(f"medians: {middle}; the quickest: {min(took):.3f} s, {min(bare):.3f} s")
    # The quickest of many runs: the others tell how busy this machine is.
    assert min(took) < max(0.150, min(bare) * 8)


def _with_home(folder: Path) -> Tree:
    tree = Tree(folder, settings={"RELAY_URL": "smtp://127.0.0.1:1"})
    assert tree.call("init", "--staff", "hanako").returncode == 0
    return tree


def _times(tree: Tree, words: Sequence[str]) -> list[float]:
    """Seconds from start to exit of many runs."""
    times = []
    for _ in range(21):
        began = time.perf_counter()
        subprocess.run(words, env=tree.environment, input=report(1).content, check=True, timeout=60)
        times.append(time.perf_counter() - began)
    return times
