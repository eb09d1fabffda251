"""Settings are documented, and a wrong one is named in a sentence. Pure: nothing is read from this machine."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from madoguchi.config.command import run
from madoguchi.config.options import Options, check
from madoguchi.config.show import masked
from madoguchi.config.sources import Given, SettingsError, given_values, home_folder

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| `(MADOGUCHI_[A-Z_]+)` \| (.*?) \| (.*) \|$", re.MULTILINE)
PLACES = {"home": "`var/home` below the working folder", "keyring": "beside the home: `<home>.keyring`"}


def given(**values: Any) -> dict[str, Given]:
    return {
        name: Given(value, "environment") for name, value in ({"home": "/srv/madoguchi"} | values).items()
    }


def documented() -> dict[str, tuple[str, str]]:
    found = ROW.findall((ROOT / "docs/settings.md").read_text(encoding="utf-8"))
    return {name: (default, meaning) for name, default, meaning in found}


def default_of(name: str) -> str:
    """A default as the table writes it."""
    if name in PLACES:
        return PLACES[name]
    value = Options.model_fields[name].default
    if value is None or value in {"", ()}:
        return "empty"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def test_every_setting_is_documented_with_its_default_and_its_meaning() -> None:
    expected = {
        f"MADOGUCHI_{name.upper()}": (default_of(name), field.description)
        for name, field in Options.model_fields.items()
    }
    assert documented() == expected


def test_every_default_passes_its_own_check() -> None:
    assert check(given()).report_address == "report@csirt.example"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("http", "8000", "host:port"),
        ("http", "127.0.0.1:0", "host:port"),
        ("smtp", "127.0.0.1:65536", "host:port"),
        ("report_address", "csirt.example", "one mail address"),
        ("report_address", "report+x@csirt.example", "without a plus sign"),
        ("time_zone", "Mars/Olympus", "IANA time zone"),
        ("time_zone", "../../etc/passwd", "IANA time zone"),
        ("trusted_relays", "relay.example", "IPv4 or IPv6 network"),
        ("trusted_relays", "192.0.2.1/24", "host bits"),
        ("trusted_proxies", "proxy.example", "IPv4 or IPv6 network"),
        ("tray_rules", "from ends @bulk.example, to is me", "line 2 is no condition; write it as “from ends"),
        ("tray_rules", "header X-Score over many", "“over” compares a header with a number"),
        ("spam_marks", "X-Spam-Flag", "line 1 is no condition"),
        ("spam_marks", "subject contains spam", "line 1 names no field of a relay"),
        ("lmtp", "lmtp.sock", "a path that begins with a slash"),
        ("lmtp", "127.0.0.1:0", "host:port"),
        ("received_above", "-1", "0"),
        ("max_tarpitted", "-1", "0"),
        ("reference_prefix", "example", "capital letters"),
        ("relay_url", "mail.example:25", "smtp://host:port"),
        ("language", "de", "'ja' or 'en'"),
        ("log_level", "LOUD", "'DEBUG'"),
        ("max_message_bytes", "many", "integer"),
        ("max_message_bytes", "10", "65536"),
        ("blob_bytes", "0", "4096"),
        ("session_hours", "48", "24"),
        ("session_idle_minutes", "1", "5"),
        ("ack_per_address", "0", "1"),
        ("max_connections", "-1", "1"),
        ("checkpoint_minutes", "0", "1"),
        ("demonstration", "perhaps", "boolean"),
    ],
)
def test_a_wrong_value_is_named_with_its_origin_and_what_would_be_right(
    name: str, value: str, words: str
) -> None:
    with pytest.raises(SettingsError) as wrong:
        check(given(**{name: value}))
    sentence = str(wrong.value)
    assert f"MADOGUCHI_{name.upper()} (from environment)" in sentence
    assert words in sentence
    assert "\n" not in sentence


def test_the_sentence_about_a_wrong_value_never_repeats_a_password() -> None:
    with pytest.raises(SettingsError) as wrong:
        check(given(relay_url="smpt://user:hunter2@relay.example"))
    assert "hunter2" not in str(wrong.value)
    assert masked("smtp://user:hunter2@relay.example") == "smtp://user:***@relay.example"


@pytest.mark.parametrize("name", ["report_adress", "keyrings", "debug"])
def test_an_unknown_name_is_refused_by_name(name: str) -> None:
    with pytest.raises(
        SettingsError, match=rf"There is no setting MADOGUCHI_{name.upper()} \(from environment\)"
    ):
        check(given(**{name: "x"}))


@pytest.mark.parametrize("place", ["/srv/madoguchi/keys", "/srv/madoguchi/deep/down/keys", "/srv/madoguchi"])
def test_a_keyring_inside_the_home_is_refused(place: str) -> None:
    with pytest.raises(SettingsError, match=r"MADOGUCHI_KEYRING .* keep the keyring outside the home"):
        check(given(keyring=place))


def test_without_a_name_the_keyring_lies_beside_the_home() -> None:
    assert check(given()).keyring == Path("/srv/madoguchi.keyring")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"relay_url": "maildir:///var/mail/out"}, "MADOGUCHI_RELAY_URL"),
        ({"checkpoint_folder": "/srv/madoguchi/log"}, "MADOGUCHI_CHECKPOINT_FOLDER"),
        ({"smtp_proxy_protocol": "true"}, "MADOGUCHI_SMTP_PROXY_PROTOCOL"),
        ({"spam_marks": "header X-Spam-Flag is yes"}, "MADOGUCHI_SPAM_MARKS"),
        ({"max_message_bytes": "1000000", "max_bytes_in_flight": "1333337"}, "MADOGUCHI_MAX_BYTES_IN_FLIGHT"),
    ],
)
def test_settings_that_belong_together_are_checked_together(values: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        check(given(**values))


@pytest.mark.parametrize("door", [{"trusted_relays": "192.0.2.25"}, {"lmtp": "/run/madoguchi/lmtp.sock"}])
def test_marks_of_spam_are_believed_of_a_relay_or_of_the_lmtp_socket(door: dict[str, str]) -> None:
    assert check(given(spam_marks="header X-Spam-Flag is yes", **door)).spam_marks


def test_a_list_is_written_with_commas() -> None:
    assert check(given(mail_domains="a.example, b.example,")).domains == ("a.example", "b.example")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "madoguchi.toml").write_text('language = "en"\nreference_prefix = "FILE"\n', encoding="utf-8")
    found = given_values({"MADOGUCHI_HOME": str(tmp_path), "MADOGUCHI_LANGUAGE": "ja", "HOME": "/root"})
    chosen = check(found)
    assert (chosen.language, chosen.reference_prefix, chosen.home) == ("ja", "FILE", tmp_path)
    assert found["language"].origin == "environment"
    assert found["reference_prefix"].origin == str(tmp_path / "madoguchi.toml")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "madoguchi.toml").write_text("language: en\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"madoguchi\.toml is not valid TOML"):
        given_values({"MADOGUCHI_HOME": str(tmp_path)})


def test_the_home_is_absolute_wherever_the_process_works() -> None:
    assert home_folder({"MADOGUCHI_HOME": "somewhere"}).is_absolute()
    assert home_folder({}) == Path("var/home").absolute()


@pytest.mark.parametrize(
    "relay", ["smtp://", "smtp:relay", "http://relay.example", "maildir://relative", "nonsense"]
)
def test_a_relay_that_no_letter_could_go_to_stops_the_start(relay: str) -> None:
    with pytest.raises(SettingsError, match="MADOGUCHI_RELAY_URL"):
        check({"relay_url": Given(relay, "environment")})


def test_a_wrong_size_makes_the_pipe_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADOGUCHI_MAX_MESSAGE_BYTES", "abc")
    assert run(["receive"]) == os.EX_TEMPFAIL
