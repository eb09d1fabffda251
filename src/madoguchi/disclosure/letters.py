"""Texts that leave without a person's look: fixed words with our own reference, never a word of the mail answered.

So nobody can send their text to somebody else through us (RFC 3834, section 3.1.5 and the security part).
"""

from dataclasses import dataclass

NEUTRAL_SUBJECT = "ご連絡 / Reply"
SIGNATURE = "-- "  # with its space: mail programs know a signature by it (RFC 3676, 4.3)


@dataclass(frozen=True, slots=True)
class CentreWords:
    """What the centre says of itself in letters, by setting."""

    name: str
    name_ja: str
    hours: str
    hours_ja: str
    address: str


def acknowledgement_subject(reference: str) -> str:
    """The subject of an acknowledgement."""
    return f"{reference} 受け付けました / Received"


def acknowledgement_text(reference: str, centre: CentreWords) -> str:
    """The text of an acknowledgement, Japanese first, then English."""
    return f"""\
{centre.name_ja} です。

お送りいただいたメールを受け付けました。受付番号は次のとおりです。

    {reference}

このあと、担当者がお送りいただいた内容を読みます（対応時間: {centre.hours_ja}）。
追加や訂正がありましたら、このメールにそのまま返信してください。同じ件として
届きます。件名の受付番号は消さないようお願いします。
お送りいただいた内容は、暗号化して保管しています。ご了解なしに、ほかへお伝え
することはありません。

このメールは自動でお送りしています。お心当たりがない場合は、どなたかがあなたの
アドレスを差出人として使ったものと思われます。何もしていただく必要はありません。

----------------------------------------------------------------------

This is {centre.name}.

Your mail has arrived. Its reference number is:

    {reference}

A person will read what you sent (hours: {centre.hours}).
To add or correct something, simply reply to this mail; it will reach the
same case. Please leave the reference number in the subject.
What you sent is kept encrypted. We tell nobody about it without your
consent.

This mail was sent automatically. If you did not write to us, somebody has
probably used your address as the sender; you need not do anything.

{centre.name_ja} / {centre.name}
{centre.address}
"""


def answer_subject(reference: str, words: str) -> str:
    """The subject of an answer: the reference first, then the writer's words or neutral ones."""
    return f"{reference} {' '.join(words.split()) or NEUTRAL_SUBJECT}"


def answer_text(text: str, reference: str, centre: CentreWords) -> str:
    """A handler's words with the signature of the centre."""
    return f"""\
{text.strip()}

{SIGNATURE}
{centre.name_ja} / {centre.name}
{centre.address}
受付番号 / Reference: {reference}
"""
