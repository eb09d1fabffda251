"""What the kernel was asked to do, by strace: whether something was synced between the end of a mail and its 250."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = "trace=fsync,fdatasync,recvfrom,sendto,mkdir,mkdirat"
LINE = re.compile(r"^(?P<pid>\d+) +(?P<at>[\d.]+) (?P<rest>.*)$")
CALL = re.compile(
    r"^(?P<name>\w+)\((?P<words>.*?)(?:\) += (?P<result>-?\d+).*<(?P<took>[\d.]+)>| <unfinished \.\.\.>)$"
)
RESUMED = re.compile(r"^<\.\.\. (?P<name>\w+) resumed>.* = (?P<result>-?\d+).*<(?P<took>[\d.]+)>$")
NAMED = re.compile(r"^(?:AT_FDCWD[^,]*, )?(?:\d+<(?P<handle>.*?)>|\"(?P<path>[^\"]*)\")")
STORED = '"250 2.0.0 safely stored'


@dataclass(frozen=True, slots=True)
class Event:
    """One finished call: when it began and ended, in seconds; on which file or socket, with its other words."""

    name: str
    began: float
    ended: float
    on: str
    words: str


def strace(output: Path, *more: str) -> list[str]:
    """The command line before the traced command's own, or with `-p` among `more`."""
    return ["strace", "-f", "-y", "-ttt", "-T", "-s", "64", "-e", CALLS, "-o", str(output), *more]


def why_not() -> str:
    """Why nothing can be traced here; empty where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed; `make test` installs Debian's strace"
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return (
        "" if tried.returncode == 0 else f"this machine permits no tracing: {tried.stderr.decode().strip()}"
    )


def events(*files: Path) -> list[Event]:
    """The successful calls in these traces, by the time at which they ended."""
    found = [event for file in files for event in _events(file.read_text(errors="replace").splitlines())]
    return sorted(found, key=lambda event: event.ended)


def _events(lines: Iterable[str]) -> list[Event]:
    begun: dict[str, tuple[float, str, str]] = {}
    found = []
    for line in lines:
        parts = LINE.match(line)
        if parts is None:
            continue
        pid, at, rest = parts["pid"], float(parts["at"]), parts["rest"]
        if call := CALL.match(rest):
            if call["took"] is None:
                begun[pid] = (at, call["name"], call["words"])
            elif int(call["result"]) >= 0:
                found.append(_event(call["name"], at, at + float(call["took"]), call["words"]))
        elif (resumed := RESUMED.match(rest)) and pid in begun:
            began, name, words = begun.pop(pid)
            if int(resumed["result"]) >= 0:
                found.append(_event(name, began, at, words or rest))
    return found


def _event(name: str, began: float, ended: float, words: str) -> Event:
    named = NAMED.match(words)
    return Event(name, began, ended, (named["handle"] or named["path"] or "") if named else "", words)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """One 250, with what was done between the last byte of its mail and it."""

    syncs: Sequence[str]
    folders_made: Sequence[str]

    def missing(self, log: re.Pattern[str]) -> list[str]:
        """What should have been synced and was not: the log always, a blob and each new folder where there is one."""
        lacking = [] if any(log.search(path) for path in self.syncs) else ["log"]
        blobs = [path for path in self.syncs if re.search(r"/blobs/../[0-9a-f]{32}$", path)]
        lacking += [f"folder of {blob}" for blob in blobs if str(Path(blob).parent) not in self.syncs]
        made = [str(Path(folder).parent) for folder in self.folders_made]
        return lacking + [f"folder {parent}" for parent in made if parent not in self.syncs]

    @property
    def blob(self) -> bool:
        """Whether a blob was synced."""
        return any(re.search(r"/blobs/../[0-9a-f]{32}$", path) for path in self.syncs)


def confirmations(happened: Sequence[Event]) -> list[Confirmed]:
    """Each 250 in its order. Only a sync that began when the mail was whole, and ended before the 250, counts."""
    told = []
    last_byte: dict[str, float] = {}
    for event in happened:
        if event.name == "recvfrom":
            last_byte[event.on] = event.ended
        elif event.name == "sendto" and STORED in event.words:
            whole = last_byte[event.on]
            between = [one for one in happened if whole <= one.began and one.ended <= event.began]
            told.append(
                Confirmed(
                    [one.on for one in between if one.name in {"fsync", "fdatasync"}],
                    [one.on for one in between if one.name.startswith("mkdir")],
                )
            )
    return told
