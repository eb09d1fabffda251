"""Mails to measure with: readable, no two alike, from many senders, vouched for by a relay of ours."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

COUNTER = "report@csirt.example"
RELAY = "mx.csirt.example"
SITES, PEOPLE = 2_000, 20_000
WHAT = (
    ("不審なログインについて", "昨夜、弊社のサーバーに不審なログインがありました。ログを添えます。"),
    (
        "Phishing page at your constituent",
        "This page imitates our bank and asks for passwords. Please have it taken down.",
    ),
    ("Scans from 192.0.2.7", "Our sensors saw scans of port 22 from this address since midnight."),
    ("フィッシングサイトの報告", "以下のサイトが当社を装っています。確認をお願いいたします。"),
    ("Open resolver used in an attack", "This resolver answers the whole world and was used against us."),
)
LINE = "Nov 24 09:00:{:02} gw sshd[{}]: Failed password for root from 192.0.2.{} port {} ssh2\r\n"


def sender(number: int) -> str:
    """The address of one of PEOPLE, at one of SITES."""
    person = number * 7919 % PEOPLE
    return f"person{person}@site{person % SITES}.example"


def mail(number: int, size: int = 1500) -> bytes:
    """The bytes of one report of about `size` bytes; the same for the same number."""
    chance = random.Random(number)
    subject, text = WHAT[number % len(WHAT)]
    address = sender(number)
    lines = [
        LINE.format(n % 60, chance.randrange(9999), chance.randrange(255), chance.randrange(65535))
        for n in range(size // 80)
    ]
    head = (
        f"Authentication-Results: {RELAY}; dkim=pass header.d={address.partition('@')[2]}\r\n"
        f"From: Person {number % PEOPLE} <{address}>\r\nTo: <{COUNTER}>\r\nSubject: {subject} ({number})\r\n"
        f"Message-ID: <{number}.{chance.getrandbits(64):x}@{address.partition('@')[2]}>\r\n"
        "Date: Tue, 24 Nov 2026 09:00:00 +0900\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return (head + text + "\r\n\r\n" + "".join(lines)).encode()


def moments(start: datetime, end: datetime, count: int) -> Iterator[datetime]:
    """`count` moments, spread evenly from `start` on to before `end`."""
    step = (end - start) / max(count, 1)
    return (start + step * number for number in range(count)) if step > timedelta() else iter([start] * count)
