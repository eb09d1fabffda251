"""What is typed into the form stands nowhere in clear: not in drafts, uploads, sessions, temporary files or logs."""

from pathlib import Path
from random import SystemRandom

import pytest

from journeys.reporter import Reporter, codes_on
from journeys.secrets_planted import Secret, secret
from journeys.sink import Sink
from journeys.test_sealed import Searched
from journeys.tree import wait_until

pytestmark = pytest.mark.store

IN_JAPANESE = ("what", "when", "systems", "others", "name", "file name", "file")
IN_ASCII = ("address",)
COOKIE = "madoguchi_report"
MEBI = 2**20
STEPS = (("what", ("what",)), ("when", ("when",)), ("systems", ("systems", "others")), ("contact", ("name",)))


class Planted:
    """Secrets of one report by form."""

    def __init__(self) -> None:
        chance = SystemRandom()
        self.by_field = {name: secret(name, chance, japanese=True) for name in IN_JAPANESE}
        self.by_field |= {name: secret(name, chance) for name in IN_ASCII}

    def value(self, field: str) -> str:
        return self.by_field[field].value

    def file(self, size: int = 0) -> tuple[str, bytes]:
        """The file, its secret at the beginning, every megabyte, and at the end."""
        word = self.value("file").encode()
        return self.value("file name"), word + (b"0123456789abcdef" * (MEBI // 16) + word) * (size // MEBI)

    def fill(self, reporter: Reporter) -> None:
        """Types everything but the choice of contact, right and wrong."""
        for step, fields in STEPS:
            reporter.send(f"/report/{step}/", **{field: self.value(field) for field in fields})
        reporter.send("/report/what/", kind="leak", what=self.value("what"))
        address = f"{self.value('address')}@reporter.example"
        reporter.send("/report/contact/", contact="contact", name=self.value("name"), address=address)


def cookie(reporter: Reporter) -> Secret:
    return Secret("cookie", reporter.cookies[COOKIE])


def in_progress(searched: Searched, planted: Planted) -> Reporter:
    """A draft with everything typed and a file."""
    reporter = Reporter(searched.tree)
    planted.fill(reporter)
    reporter.send("/report/files/", files=[planted.file(2 * MEBI)], add="1")
    assert planted.value("file name") in reporter.see("/report/files/")
    return reporter


def handed_in(reporter: Reporter) -> list[Secret]:
    page = reporter.send("/report/check/")
    receipt, link = codes_on(page)
    return [Secret("receipt", receipt), Secret("link", link)]


def test_a_draft_in_progress_and_a_report_that_was_handed_in_stand_nowhere_in_clear(
    tmp_path: Path, store: str, sink: Sink
) -> None:
    planted = Planted()
    with Searched(tmp_path, store, sink) as searched:
        reporter = in_progress(searched, planted)
        sought = [*planted.by_field.values(), cookie(reporter)]
        assert searched.finds(sought) == {}
        sought += handed_in(reporter)
        wait_until(lambda: len(searched.tree.state().reports) == 1, what="the report to be understood")
        assert searched.tree.drained().failed == 0
        assert searched.finds(sought) == {}


def test_an_upload_that_is_cut_off_leaves_nothing_and_one_that_is_killed_nothing_in_clear(
    tmp_path: Path, store: str, sink: Sink
) -> None:
    planted = Planted()
    with Searched(tmp_path, store, sink) as searched:
        reporter = Reporter(searched.tree)
        blobs = searched.tree.home / "blobs"

        def grown() -> bool:
            return sum(one.stat().st_size for one in blobs.rglob("*") if one.is_file()) > MEBI

        cut = reporter.begin_to_send("/report/files/", files=[planted.file(8 * MEBI)], share=0.6)
        wait_until(grown, what="the upload to be under way")
        cut.close()
        wait_until(
            lambda: not [one for one in blobs.rglob("*") if one.is_file()],
            what="half an upload to be dropped",
        )
        held = reporter.begin_to_send("/report/files/", files=[planted.file(8 * MEBI)], share=0.6)
        wait_until(grown, what="the upload to be under way")
        searched.tree.kill()
        held.close()
        assert searched.finds([*planted.by_field.values(), cookie(reporter)]) == {}


def test_the_search_finds_every_field_of_a_build_that_does_not_seal(
    tmp_path: Path, store: str, sink: Sink
) -> None:
    planted = Planted()
    with Searched(tmp_path, store, sink, "no-seal") as searched:
        in_progress(searched, planted)
        assert set(searched.finds(list(planted.by_field.values()))) == {*IN_JAPANESE, *IN_ASCII}
