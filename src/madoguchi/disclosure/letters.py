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


_PRIVATE_LINK = (
    """
受け付けの状況とこちらからの回答は、次の専用ページでもご覧になれます。追加や取り下げ
もできます。このリンクは鍵と同じものです。ほかの方に知らせないようお願いします。
攻撃者がこの受信箱を読んでいるおそれがあるときは、そのページでお知らせください。

    {link}
""",
    """
On a private page you can see how your report stands, read our answers, add to
it or withdraw it. The link is a key: please pass it on to nobody. If an
attacker may be reading this mailbox, tell us on that page.

    {link}
""",
)


def acknowledgement_text(reference: str, centre: CentreWords, link: str = "") -> str:
    """The text of an acknowledgement of a mail, Japanese first, then English; `link`: to the private page, if any."""
    private_ja, private_en = (part.format(link=link) if link else "" for part in _PRIVATE_LINK)
    return f"""\
{centre.name_ja} です。

お送りいただいたメールを受け付けました。受付番号は次のとおりです。

    {reference}

このあと、担当者がお送りいただいた内容を読みます（対応時間: {centre.hours_ja}）。
追加や訂正がありましたら、このメールにそのまま返信してください。同じ件として
届きます。件名の受付番号は消さないようお願いします。
{private_ja}
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
{private_en}
What you sent is kept encrypted. We tell nobody about it without your
consent.

This mail was sent automatically. If you did not write to us, somebody has
probably used your address as the sender; you need not do anything.

{centre.name_ja} / {centre.name}
{centre.address}
"""


def form_acknowledgement_text(reference: str, centre: CentreWords, link: str) -> str:
    """The acknowledgement of a filled form, to the address given there, which may be somebody else's.

    So it says nothing of the report, opens nothing of it, and asks the owner to confirm: `link` leads there.
    """
    return f"""\
{centre.name_ja} です。

当窓口の報告フォームに、連絡先としてこのアドレスが記入されました。報告は
受け付けました。受付番号は次のとおりです。

    {reference}

報告されたのがご本人でしたら、次のページを開き、ボタンを押してください。
このメールに返信していただいても確認できます。

    {link}

確認できるまで、このお知らせのほかには、このアドレスに何もお送りしません。
状況と回答は、報告の最後にお渡しした控えの番号か専用リンクでご覧になれます。

お心当たりがない場合は、どなたかがあなたのアドレスを記入したものと思われます。
ボタンを押さず、返信もせずに、このメールを削除してください。ほかに何もして
いただく必要はありません。

----------------------------------------------------------------------

This is {centre.name}.

Somebody gave this address as the contact in our report form. The report has
arrived. Its reference number is:

    {reference}

If it was you, please open this page and press the button. You can also
confirm by replying to this mail.

    {link}

Until then we send nothing to this address but this notice. How the report
stands, and our answers, can be read with the receipt or the private
link that were shown at the end of the form.

If it was not you, somebody has probably entered your address. Please do not
press the button and do not reply; delete this mail. You need not do anything
else.

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


def without_signature(text: str) -> str:
    """A handler's words alone, out of the text of an answer."""
    words, mark, _ = text.replace("\r\n", "\n").rpartition(f"\n{SIGNATURE}\n")
    return (words if mark else text).strip()
