"""Where a confirmed mail could be lost, or the wrong home is named, nothing starts."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from journeys.tree import Tree, new_database
from postgres import Cluster

pytestmark = pytest.mark.store

RELAY = {"RELAY_URL": "smtp://127.0.0.1:1"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.remove()


def refusal(tree: Tree, part: str) -> str:
    """What a start of this part says to its end, having been refused for its settings."""
    done = tree.call(part)
    assert done.returncode == os.EX_CONFIG, done.stderr.decode()
    return done.stderr.decode()


def test_sqlite_below_full_is_refused_whichever_part_starts(tmp_path: Path) -> None:
    tree = Tree(tmp_path, patches=["sqlite-off"], settings=RELAY)
    assert tree.call("init", "--staff", "hanako").returncode == 0
    for part in ("run", "smtp", "worker"):
        assert (
            refusal(tree, part)
            == "madoguchi: SQLite runs below synchronous=FULL: a confirmed mail could be lost.\n"
        )


def test_a_postgresql_that_does_not_sync_is_refused(
    tmp_path: Path, store: str, request: pytest.FixtureRequest
) -> None:
    if store != "postgres":
        pytest.skip("this run is on SQLite")
    cluster: Cluster = request.getfixturevalue("cluster")
    tree = Tree(tmp_path, database=new_database(cluster.url()), settings=RELAY)
    assert tree.call("init", "--staff", "hanako").returncode == 0
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        cluster.stop()
        cluster.start(f"-c {name}=off")
        said = f"madoguchi: PostgreSQL runs with {name}=off: a confirmed mail could be lost. Set it to on.\n"
        assert refusal(tree, "run") == said


def test_run_refuses_the_home_of_a_demonstration(tmp_path: Path, store: str) -> None:
    tree = Tree(tmp_path, store=store)
    with tree:
        assert tree.stop() == 0
    done = Tree.call(Tree(tmp_path, database=tree.settings["MADOGUCHI_DATABASE_URL"], settings=RELAY), "run")
    assert done.returncode == os.EX_CONFIG
    assert "is a demonstration's home" in done.stderr.decode()
