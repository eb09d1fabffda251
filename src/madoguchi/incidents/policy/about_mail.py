"""Signs in a text that it tells of another mail or of abuse: quoted fields, links made harmless, words of reporting.

Who reports spam or phishing quotes it, so a report looks like what it is about; these signs tell the two apart. They
lean to the side of the reporter: a sign too many costs a look in the queue, a sign too few hides a report.
"""

import re
from typing import Final

MOST: Final = 50_000
"""Characters of a text that are looked at."""

# Names of header fields as mail programs write them above a forwarded mail, by what they say.
_NAMES: Final = {
    "author": "from|sender|reply-to|差出人|送信者|発信者|返信先|von|de",
    "title": "subject|件名|題名|betreff|objet",
    "when": "date|sent|送信日時|受信日時|日時|日付|gesendet|envoyé",
    "reader": "to|cc|宛先|受信者|an|à",
    "trace": "received|return-path|delivered-to|message-id|dkim-signature|received-spf|authentication-results"
    "|x-originating-ip|x-mailer|x-spam-[a-z]+|mime-version",
}
_FIELD: Final = re.compile(
    r"^[ \t>|*]{0,20}(?:"
    + "|".join(f"(?P<{what}>{names})" for what, names in _NAMES.items())
    + r")\*?[ \t　]{0,4}[:：]",
    re.IGNORECASE | re.MULTILINE,
)
_FORWARDED: Final = re.compile(
    r"^[ \t>]{0,9}-{2,}[ \t]*(?:original|forwarded) (?:message|mail)|^[ \t>]{0,9}begin forwarded message:"
    r"|(?:転送|元の)(?:された)?メッセージ|-{2,}[ \t　]*(?:転送|原文)",
    re.IGNORECASE | re.MULTILINE,
)
# hxxp://, h**p://, ttp:// (as Japanese forums write it), example[.]com, http[:]//, example(dot)com
_HARMLESS: Final = re.compile(
    r"\bhxxps?\b|\bh\*\*ps?\b|(?<![a-z])ttps?://|\[\.\]|\[:\]|\w\(\.\)\w|\w ?[\[(]dot[\])] ?\w",
    re.IGNORECASE,
)
_EVIL: Final = re.compile(
    r"\b(?:spam\w*|phish\w*|scams?|malware|fraud\w*|unsolicited|abus\w+|spoof\w*|suspicious|ransomware|hack\w*"
    r"|malicious|compromised|infect\w*|botnets?|honey ?pots?|infring\w*|attack\w*|exploit\w*|vulnerab\w*|d?dos)\b"
    r"|迷惑メール|スパム|フィッシング|なりすまし|不審な?(?:メール|サイト|URL|ファイル|通信|アクセス|ログイン)|詐欺|標的型"
    r"|ウイルス|マルウェア|不正(?:アクセス|ログイン|送信)|偽(?:サイト|メール|装)",
    re.IGNORECASE,
)
_TELLS: Final = re.compile(
    r"\breport(?:s|ed|ing)?\b|\bcomplain\w*\b|\bnotif(?:y|ied|ying)\b|\btake ?down\b|\binvestigat\w+\b|\breceived\b"
    r"|\bdetected\b|\bidentified\b|\bremoved?\b"
    r"|報告|通報|情報提供|ご?連絡(?:いた|し|差)|お知らせ(?:いた|し)|届(?:き|い)|受信し|調査|対応(?:を|の)?(?:お願|依頼)",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(
    r"^[ \t]{0,9}[>|] ?\S"  # a quoted line; an address of IPv6 or IPv4
    r"|(?<![:\w])(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4}){0,4}"
    r"|(?<![\d.])(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?![\d.])",
    re.MULTILINE | re.IGNORECASE,
)


def quotes_a_mail(text: str) -> bool:
    """Whether it holds the head of another mail: its author, title and time or reader, two traces, or a mark of it."""
    text = text[:MOST]
    found = [(str(match.lastgroup), match[0].casefold()) for match in _FIELD.finditer(text)]
    kinds = {kind for kind, _ in found}
    if {"author", "title"} <= kinds and kinds & {"when", "reader"}:
        return True
    traces = {name.strip(" \t　>|*:：") for kind, name in found if kind == "trace"}
    return len(traces) > 1 or bool(_FORWARDED.search(text))


def makes_harmless(text: str) -> bool:
    """Whether a link in it was made harmless, which who sends it in earnest never does."""
    return bool(_HARMLESS.search(text[:MOST]))


def tells_of_abuse(subject: str, text: str) -> bool:
    """Whether it speaks of reporting something bad and shows a piece of it: a field, a quoted line, an IP address."""
    whole = f"{subject}\n{text[:MOST]}"
    if not (_EVIL.search(whole) and _TELLS.search(whole)):
        return False
    return bool(_FIELD.search(text[:MOST]) or _QUOTED.search(text[:MOST]))
