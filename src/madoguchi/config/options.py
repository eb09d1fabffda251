"""Every setting: its type, default and one line of meaning. A wrong or unknown one stops the start with a sentence.

Each is MADOGUCHI_<NAME> in the environment, or the same name in lower case in `madoguchi.toml` in the home.
`madoguchi settings` shows them with value and origin; docs/settings.md lists them.
"""

import ipaddress
import re
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from madoguchi.config.centre import CentreOptions, Words, picture
from madoguchi.config.sources import Given, SettingsError, given_values, home_folder, keyring_file
from madoguchi.mail.conditions import conditions
from madoguchi.mail.relay import relay_for

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


class Options(CentreOptions):
    """The settings, checked; frozen once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    home: Path = Field(description="Data folder (mode 0700): database, sealed blobs, spool.")
    keyring: Path = Field(description="File with the long-lived keys (mode 0600), outside the home.")
    database_url: str = Field(
        "", description="Database; empty means SQLite in the home. postgres://user@host/name for many nodes."
    )
    http: str = Field("127.0.0.1:8000", description="host:port of the web pages.")
    smtp: str = Field("127.0.0.1:8025", description="host:port of the SMTP door.")
    lmtp: str = Field("", description="host:port or socket path of the LMTP door; empty means none.")
    relay_url: str = Field(
        "",
        description="Where outgoing mail goes: smtp:// or smtps://, then user:password@ if needed, then host:port.",
    )
    public_url: str = Field(
        "",
        description="Address under which the public sees the web pages; empty means http:// and the http setting.",
    )

    centre_name: str = Field("Example CSIRT", description="Name of the centre, in English.")
    centre_name_ja: str = Field(
        "", description="Name of the centre, in Japanese; empty means the English one."
    )
    centre_hours: str = Field(
        "Monday to Friday, 09:00 to 18:00", description="When people read reports, in English."
    )
    centre_hours_ja: str = Field(
        "", description="When people read reports, in Japanese; empty means the English words."
    )
    report_address: str = Field(
        "report@csirt.example", description="The one address for reports; letters come from it."
    )
    mail_domains: Words = Field(
        (), description="Domains whose mail is taken in; empty means the report address's domain."
    )
    reference_prefix: str = Field(
        "EXAMPLE", description="Letters before the number in references, as EXAMPLE#12345678."
    )
    former_prefixes: Words = Field((), description="Earlier reference prefixes that replies may still carry.")
    language: Literal["ja", "en"] = Field("ja", description="Language of pages where the visitor names none.")
    time_zone: str = Field("Asia/Tokyo", description="Time zone of pages and letters (IANA name).")

    max_message_bytes: int = Field(
        50 * 1024 * 1024, ge=64 * 1024, le=2**31 - 1, description="Largest mail that is taken in."
    )
    max_report_files: int = Field(
        20, ge=0, le=90, description="Most files that can be attached to the report form."
    )
    max_draft_bytes: int = Field(
        4 * 1024 * 1024 * 1024,
        ge=0,
        description="Files held for report forms not yet handed in, in all; above it reports go without files.",
    )
    max_bytes_in_flight: int = Field(
        512 * 1024 * 1024,
        ge=1024 * 1024,
        description="Mail data held in memory at once by the SMTP door; above it senders are asked to try again.",
    )
    max_connections: int = Field(500, ge=1, description="SMTP and LMTP connections at once.")
    max_tarpitted: int = Field(
        100, ge=0, description="Of these, those that may wait because their network sends too much at once."
    )
    blob_bytes: int = Field(
        256 * 1024,
        ge=4096,
        description="Sealed mail larger than this goes to the blob folder instead of the database.",
    )
    smtp_certificate: Path | None = Field(
        None, description="PEM file with certificate and key; with it STARTTLS is offered."
    )
    trusted_relays: Words = Field(
        (),
        description="Networks of our own mail relays: never slowed; they may name their clients, and their "
        "Authentication-Results count.",
    )
    smtp_proxy_protocol: bool = Field(
        False, description="Trusted relays begin each SMTP connection with a PROXY header (version 1 or 2)."
    )
    authserv_id: str = Field("", description="The authserv-id that our trusted relays write (RFC 8601).")
    received_above: int = Field(
        0, ge=0, le=20, description="Received fields that our own servers put above those results."
    )
    spam_marks: Words = Field(
        (),
        description="Fields by which our trusted relays mark spam, as `header X-Spam-Flag is yes`.",
    )
    tray_rules: Words = Field(
        (),
        description="What is probably no report, as `from ends @bulk.example`; put in a tray, not acknowledged.",
    )
    dns_servers: Words = Field(
        (), description="Addresses (or address:port) of DNS servers; empty means the system's."
    )

    ack_per_address: int = Field(50, ge=1, description="Acknowledgements a day to one authenticated address.")
    ack_per_address_unverified: int = Field(
        1, ge=0, description="Acknowledgements a day to one address that nothing vouches for."
    )
    ack_per_domain_unverified: int = Field(20, ge=0, description="The same, to one domain.")
    ack_unverified: int = Field(500, ge=0, description="The same, in all.")

    allowed_hosts: Words = Field(
        (), description="Host names under which the web pages answer; empty means public_url's and loopback."
    )
    trusted_proxies: Words = Field(
        (), description="Networks of our own web proxies, whose X-Forwarded-For and X-Forwarded-Proto count."
    )
    console_networks: Words = Field(
        (),
        description="Networks from which staff pages open; empty means everywhere. Others get “no such page”.",
    )
    session_hours: int = Field(10, ge=1, le=24, description="A staff session ends after so many hours.")
    session_idle_minutes: int = Field(
        60, ge=5, description="A staff session ends when unused for so many minutes."
    )
    checkpoint_minutes: int = Field(
        10,
        ge=1,
        le=1440,
        description="A signed checkpoint of the log of deeds is made every so many minutes.",
    )
    checkpoint_folder: Path | None = Field(
        None, description="Folder outside the home, best on another machine, that checkpoints are written to."
    )
    require_second_factor: bool | None = Field(
        None, description="Staff sign in with a second factor; empty means yes, but not in the demonstration."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="How much is logged; content never is."
    )
    demonstration: bool = Field(
        False,
        description="Set by `madoguchi demo` alone: an example centre that takes every sender for authenticated.",
    )

    @field_validator("http", "smtp")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError("write it as host:port, for example 127.0.0.1:8000")
        return value

    @field_validator("report_address")
    @classmethod
    def _mail_address(cls, value: str) -> str:
        if not ADDRESS.fullmatch(value) or "+" in value:
            raise ValueError("write one mail address without a plus sign, for example report@csirt.example")
        return value

    @field_validator("lmtp")
    @classmethod
    def _place(cls, value: str) -> str:
        if value and not value.startswith("/"):
            try:
                cls._host_and_port(value)
            except ValueError as wrong:
                raise ValueError("write it as host:port, or as a path that begins with a slash") from wrong
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as unknown:
            raise ValueError("name an IANA time zone, for example Asia/Tokyo") from unknown
        return value

    @field_validator("trusted_relays", "trusted_proxies", "console_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network)
        return value

    @field_validator("spam_marks", "tray_rules")
    @classmethod
    def _conditions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        conditions(value)
        return value

    @field_validator("spam_marks")
    @classmethod
    def _of_headers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for number, one in enumerate(conditions(value), 1):
            if one.what in {"from", "subject"}:
                raise ValueError(
                    f"line {number} names no field of a relay; write it as header X-Spam-Flag is yes"
                )
        return value

    @field_validator("reference_prefix")
    @classmethod
    def _prefix(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Z][A-Z0-9-]{1,19}", value):
            raise ValueError("use 2 to 20 capital letters, digits or hyphens, for example EXAMPLE")
        return value

    @field_validator("relay_url")
    @classmethod
    def _relay(cls, value: str) -> str:
        if value and not value.startswith("maildir:///"):
            relay_for(value, helo="localhost")
        return value

    @model_validator(mode="after")
    def _belong_together(self) -> "Options":
        if self.keyring.is_relative_to(self.home):
            raise ValueError(
                "keyring: keep the keyring outside the home, so that a copy of the home opens nothing"
            )
        if self.checkpoint_folder and self.checkpoint_folder.is_relative_to(self.home):
            raise ValueError(
                "checkpoint_folder: keep checkpoints outside the home, where who holds the home can't change them"
            )
        if self.relay_url.startswith("maildir://") and not self.demonstration:
            raise ValueError(
                "relay_url: maildir:// only shows letters in the demonstration; name an SMTP relay"
            )
        if self.smtp_proxy_protocol and not self.trusted_relays:
            raise ValueError(
                "smtp_proxy_protocol: name the relays that send a PROXY header in trusted_relays"
            )
        if self.spam_marks and not (self.trusted_relays or self.lmtp):
            raise ValueError("spam_marks: name in trusted_relays the servers that write these fields")
        if self.max_bytes_in_flight < (least := self.max_message_bytes * 4 // 3 + 5):
            raise ValueError(
                f"max_bytes_in_flight: a mail of max_message_bytes would never fit, set it to {least} at least"
            )
        return self

    @property
    def logo(self) -> tuple[bytes, str] | None:
        """The centre's mark and its media type."""
        return picture(self.centre_logo) if self.centre_logo else None

    @property
    def second_factor(self) -> bool:
        """Whether nothing of the console opens without a second factor."""
        asked = self.require_second_factor
        return not self.demonstration if asked is None else asked

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains whose mail is taken in."""
        return self.mail_domains or (self.report_address.rpartition("@")[2],)

    @property
    def log_origin(self) -> str:
        """The name of the log of deeds in its checkpoints."""
        return f"{self.report_address.rpartition('@')[2]}/audit"

    @property
    def base_url(self) -> str:
        """Where the public sees the web pages, without a slash at the end."""
        return (self.public_url or f"http://{self.http}").rstrip("/")


def host_and_port(value: str) -> tuple[str, int]:
    """The two parts of a checked `host:port`, without the brackets of IPv6."""
    host, _, port = value.rpartition(":")
    return host.strip("[]"), int(port)


def networks(values: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Checked networks as such."""
    return tuple(ipaddress.ip_network(one) for one in values)


@cache
def options() -> Options:
    """The settings of this process. Raises SettingsError with one sentence."""
    return check(given_values())


def check(given: dict[str, Given]) -> Options:
    """Checked settings from given ones; raises SettingsError that names the first wrong one."""
    values: dict[str, Any] = {name: one.value for name, one in given.items()}
    home = Path(values.get("home") or home_folder()).absolute()
    values |= {"home": home, "keyring": keyring_file(given, home)}
    try:
        return Options(**values)
    except ValidationError as wrong:
        raise SettingsError(_sentence(wrong, given)) from None


def _sentence(wrong: ValidationError, given: dict[str, Given]) -> str:
    first = wrong.errors(include_url=False, include_input=False)[0]
    reason = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        name, _, reason = reason.partition(": ")
    else:
        name = str(first["loc"][0])
    origin = given[name].origin if name in given else "default"
    if first["type"] == "extra_forbidden":
        return (
            f"There is no setting MADOGUCHI_{name.upper()} (from {origin}). See `madoguchi settings` for all."
        )
    return f"MADOGUCHI_{name.upper()} (from {origin}) is wrong: {reason}."
