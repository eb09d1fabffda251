"""The worker grows the audit tree and sends checkpoints out, and the command checks them, as an auditor would."""

from pathlib import Path

import pytest

from journeys.tree import Tree, wait_until

pytestmark = pytest.mark.store


def test_a_checkpoint_leaves_the_machine_and_the_log_is_verified_against_it(
    tmp_path: Path, store: str
) -> None:
    outside = tmp_path / "auditor"
    outside.mkdir()
    given = {"RELAY_URL": "smtp://127.0.0.1:1", "CHECKPOINT_FOLDER": str(outside)}
    tree = Tree(tmp_path / "centre", store=store, command="worker", settings=given)
    assert tree.call("init", "--staff", "hanako").returncode == 0
    tree.launch()
    try:
        wait_until((outside / "checkpoint").exists, what="a checkpoint outside")
        checked = tree.call("audit", "verify", "--checkpoint", str(outside / "checkpoint"))
    finally:
        assert tree.stop() == 0
    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode()
    assert b"are those of the checkpoint outside" in checked.stdout
    exported = tree.call("audit", "export", str(tmp_path / "copy"))
    assert exported.returncode == 0, exported.stderr.decode()
    again = tree.call("audit", "verify", "--checkpoint", str(tmp_path / "copy" / "checkpoint"))
    assert again.returncode == 0, again.stdout.decode()
