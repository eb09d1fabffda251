"""A backup that is made while mail comes in restores into an empty home, and forgets what was shredded since."""

import subprocess
import sys
from pathlib import Path

import pytest

from journeys.tree import HERE, Tree

pytestmark = pytest.mark.store


def said(tree: Tree, *words: str) -> str:
    done = tree.call(*words)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.long
def test_a_backup_made_while_mail_comes_in_restores_and_forgets(tmp_path: Path, store: str) -> None:
    tree = Tree(tmp_path / "a", store=store, command="run", settings={"RELAY_URL": "smtp://127.0.0.1:1"})
    said(tree, "init", "--staff", "hanako")
    tree.ask("units.py", "mails", "12")
    busy = subprocess.Popen(
        [sys.executable, str(HERE / "units.py"), "mails", "100000"],
        env=tree.environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        said(tree, "backup", str(tmp_path / "backups"))
    finally:
        busy.kill()
        busy.wait()
    assert "mails opened" in said(tree, "backup", "verify", str(tmp_path / "backups"))
    assert tree.ask("units.py", "shred") == 1

    again = Tree(
        tmp_path / "b",
        store=store,
        command="run",
        settings={"RELAY_URL": "smtp://127.0.0.1:1", "KEYRING": str(tree.keyring)},
    )
    assert "Restored" in said(again, "restore", str(tmp_path / "backups"))
    said(again, "upgrade")
    then = again.ask("units.py", "originals")
    assert then["shredded"] == 1
    assert then["open"] >= 11
    again.ask("units.py", "mails", "2")
    assert again.ask("units.py", "originals")["open"] == then["open"] + 2
    refused = again.call("restore", str(tmp_path / "backups"))
    assert (refused.returncode, b"already" in refused.stderr) == (65, True)


def test_a_restore_without_its_keys_leaves_the_home_empty(tmp_path: Path, store: str) -> None:
    tree = Tree(tmp_path / "a", store=store, command="run", settings={"RELAY_URL": "smtp://127.0.0.1:1"})
    said(tree, "init", "--staff", "hanako")
    tree.ask("units.py", "mails", "6")
    said(tree, "backup", str(tmp_path / "backups"))
    [keys] = (tmp_path / "backups" / "keys").iterdir()
    away = keys.rename(tmp_path / "away.jsonl")
    again = Tree(
        tmp_path / "b",
        store=store,
        command="run",
        settings={"RELAY_URL": "smtp://127.0.0.1:1", "KEYRING": str(tree.keyring)},
    )
    refused = again.call("restore", str(tmp_path / "backups"))
    assert (refused.returncode, b"no keys of" in refused.stderr) == (65, True)
    assert not [one for one in again.home.rglob("*") if one.is_file()]
    away.rename(keys)
    said(again, "restore", str(tmp_path / "backups"))
    assert again.ask("units.py", "originals") == {"open": 6, "shredded": 0}
