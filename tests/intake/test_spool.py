"""The spool: a piped mail is on disk sealed, becomes one arrival however often it is handed over, and is never lost."""

import base64
import json
import os
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from incidents.mails import ALICE, mail
from madoguchi.intake import spool
from madoguchi.intake.actions import collect_spool
from madoguchi.intake.collecting import BATCH, DAMAGED
from madoguchi.intake.incoming import Envelope
from madoguchi.intake.models import Arrival
from madoguchi.intake.queries import original
from madoguchi.intake.spool import SpoolFileError, leave, take, waiting
from madoguchi.lib import keyring
from madoguchi.lib.keyring import Keyring
from madoguchi.vault.actions import wrapper
from madoguchi.vault.scheme import Place, UnitKey, VaultError, WrappedKey, Wrapper

pytestmark = [pytest.mark.store, pytest.mark.django_db]

ENVELOPE = Envelope(door="pipe", mail_from=ALICE, rcpt_to=("report@csirt.example",))


@pytest.fixture
def ring() -> Keyring:
    return keyring.load(settings.KEYRING, ("wrap",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def test_a_mail_in_the_spool_comes_back_byte_for_byte(folder: Path, ring: Keyring, now: datetime) -> None:
    for raw in (b"", b"\n", mail(), b"\0\xff\r\n.\r\n" * 40_000):
        arrival = leave(folder, ring, ENVELOPE, raw, now)
        found = take(folder / arrival.hex, Wrapper(ring))
        assert (found.id, found.received_at, found.envelope, found.raw) == (arrival, now, ENVELOPE, raw)


def test_nothing_of_it_stands_there_in_clear_and_nobody_else_may_read_it(
    folder: Path, ring: Keyring, now: datetime
) -> None:
    arrival = leave(folder, ring, ENVELOPE, mail("planted secret"), now)
    written = (folder / arrival.hex).read_bytes()
    assert b"planted" not in written
    assert b"alice" not in written
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / arrival.hex).stat().st_mode) == 0o600


def test_file_folder_and_the_folder_s_own_entry_are_synced_before_it_returns(
    folder: Path, ring: Keyring, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def noting(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").resolve().name)
        real(handle)

    monkeypatch.setattr(os, "fsync", noting)
    arrival = leave(folder, ring, ENVELOPE, mail(), now)
    assert synced == [folder.parent.name, f".{arrival.hex}.new", folder.name]


def test_what_is_still_being_written_is_not_taken(folder: Path, ring: Keyring, now: datetime) -> None:
    folder.mkdir()
    (folder / ".half.new").write_bytes(b"half")
    assert waiting(folder) == []
    assert waiting(folder / "nowhere") == []
    arrival = leave(folder, ring, ENVELOPE, mail(), now)
    assert [path.name for path in waiting(folder)] == [arrival.hex]


def test_what_was_collected_is_an_arrival_and_its_file_is_gone(
    folder: Path, ring: Keyring, now: datetime
) -> None:
    arrival = leave(folder, ring, ENVELOPE, mail(), now)
    assert collect_spool(folder) == 1
    assert waiting(folder) == []
    assert original(arrival) == mail()
    assert Arrival.objects.get().door == "pipe"
    assert collect_spool(folder) == 0


def test_a_file_that_is_handed_over_twice_is_one_arrival(folder: Path, ring: Keyring, now: datetime) -> None:
    """A worker died after its commit and before it removed the file; once for a row, once for a blob."""
    for raw in (mail(), mail().ljust(settings.OPTIONS.blob_bytes + 5, b" ")):
        arrival = leave(folder, ring, ENVELOPE, raw, now)
        kept = (folder / arrival.hex).read_bytes()
        for _ in range(3):
            assert collect_spool(folder) == 1
            (folder / arrival.hex).write_bytes(kept)
        collect_spool(folder)
        assert original(arrival) == raw
        assert Arrival.objects.filter(pk=arrival).count() == 1


def test_more_than_a_batch_is_taken_in_several_the_oldest_first(
    folder: Path, ring: Keyring, now: datetime
) -> None:
    for n in range(BATCH + 2):
        leave(folder, ring, ENVELOPE, mail(f"{n}"), now)
    assert [collect_spool(folder) for _ in range(3)] == [BATCH, 2, 0]
    assert Arrival.objects.count() == BATCH + 2


Damage = Callable[[bytes], bytes]


def head(change: Callable[[dict[str, object]], object]) -> Damage:
    """The first line altered, the rest as it was."""

    def damaged(written: bytes) -> bytes:
        line, _, rest = written.partition(b"\n")
        fields = json.loads(line)
        return json.dumps(change(fields)).encode() + b"\n" + rest

    return damaged


DAMAGE: dict[str, Damage] = {
    "empty": lambda _: b"",
    "cut in its head": lambda written: written[:20],
    "cut in its body": lambda written: written[:-1],
    "longer": lambda written: written + b"x",
    "a bit turned": lambda written: written[:-3] + bytes([written[-3] ^ 1]) + written[-2:],
    "no JSON": lambda written: b"nonsense" + written,
    "deep JSON": lambda _: b"[" * 100_000,
    "a list": head(list),
    "a number for an id": head(lambda fields: fields | {"id": 7}),
    "another id": head(lambda fields: fields | {"id": "00000000-0000-0000-0000-000000000001"}),
    "no time": head(lambda fields: fields | {"at": "today"}),
    "no key": head(lambda fields: {name: value for name, value in fields.items() if name != "wrapped"}),
    "a wrap key that we lack": head(lambda fields: fields | {"kek": "gone"}),
    "another data key's id": head(lambda fields: fields | {"data_key": fields["id"]}),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_put_aside_and_keeps_no_other_back(
    folder: Path, ring: Keyring, now: datetime, damage: Damage
) -> None:
    bad = leave(folder, ring, ENVELOPE, mail("bad"), now)
    path = folder / bad.hex
    path.write_bytes(damage(path.read_bytes()))
    written = path.read_bytes()
    good = leave(folder, ring, ENVELOPE, mail("good"), now)
    assert collect_spool(folder) == 1
    assert list(Arrival.objects.values_list("pk", flat=True)) == [good]
    assert (folder / DAMAGED / bad.hex).read_bytes() == written
    assert stat.S_IMODE((folder / DAMAGED).stat().st_mode) == 0o700
    assert collect_spool(folder) == 0


def test_an_envelope_of_another_form_is_damage_too(folder: Path, ring: Keyring, now: datetime) -> None:
    good = leave(folder, ring, ENVELOPE, mail(), now)
    line, _, _ = (folder / good.hex).read_bytes().partition(b"\n")
    fields = json.loads(line)
    key = _key_of(fields, ring)
    for envelope in (
        b"{}",
        b"5",
        b'{"door": "pipe", "rcpt_to": 5, "options": []}',
        b"\xff",
        b'{"unheard_of": 1}',
    ):
        place = Place(spool.LABEL, good, "mail")
        sealed = b"".join(key.seal_stream(place, [envelope + b"\n", b"raw"]))
        (folder / good.hex).write_bytes(line + b"\n" + sealed)
        with pytest.raises(SpoolFileError):
            take(folder / good.hex, Wrapper(ring))


def _key_of(fields: dict[str, str], ring: Keyring) -> UnitKey:
    stored = WrappedKey(UUID(fields["data_key"]), fields["kek"], base64.b64decode(fields["wrapped"]))
    return Wrapper(ring).unwrap(stored)


def test_two_files_do_not_exchange_their_bodies(folder: Path, ring: Keyring, now: datetime) -> None:
    one, other = (leave(folder, ring, ENVELOPE, mail(text), now) for text in ("one", "other"))
    first, second = (folder / one.hex).read_bytes(), (folder / other.hex).read_bytes()
    mixed = first.partition(b"\n")[0] + b"\n" + second.partition(b"\n")[2]
    (folder / one.hex).write_bytes(mixed)
    with pytest.raises(VaultError):
        take(folder / one.hex, wrapper())


words = st.text(alphabet=st.characters(), max_size=30)


@given(
    st.builds(
        Envelope,
        door=st.sampled_from(["smtp", "pipe"]),
        peer=st.none() | words,
        helo=st.none() | words,
        mail_from=words,
        rcpt_to=st.lists(words, max_size=3).map(tuple),
        tls=st.booleans(),
        options=st.lists(words, max_size=3).map(tuple),
    )
)
def test_an_envelope_comes_back_from_its_one_line_of_ascii(envelope: Envelope) -> None:
    line = envelope.to_json()
    assert Envelope.from_json(line) == envelope
    assert line.isascii()
    assert "\n" not in line
