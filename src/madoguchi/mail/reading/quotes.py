"""What the writer of a mail wrote himself: the text without quoted reply and signature.

Conservative: keeping too much is a miss, cutting the writer's words a failure. So quoted lines go only from
what is a reply or where a line says whose words follow; a forwarded mail is the writer's evidence and
stays; and where nothing would be left, everything is kept.
"""

from __future__ import annotations

import re

_QUOTED = re.compile(r"^[ \t]{0,3}(?:[>＞|](?![|>]{0,2}\w*://)|[A-Z]{1,3}>)")
_DATED = re.compile(r"\d{1,4}[-/年. ]|\d{1,2}:\d\d|20\d\d")
_OPENING = re.compile(r"[ \t]*(?:On|Am|Le|El|Em|Il|Op|Den|Dnia|W dniu|Dne|Pada|\d{4}[年/-])(?=[\s\d])")
_ADDRESS = re.compile(r"<[^<>@\s]{1,64}@[^<>\s]{1,255}>")
_SAID = re.compile(
    r"\b(?:wrote|writes|said|schrieb|a écrit|escribió|escreveu|ha scritto|schreef|skrev|napisał|пишет|писал|писала)\b"
    r"|書きました|書かれました|書いていました|さんのメール|からのメール|さんは|写道|寫道|작성"
)
_SAID_WITHOUT_COLON = re.compile(r"(?:書きました|書かれました|写道|寫道)[。.]?$")
MAX_ATTRIBUTION = 400
MAX_RUNS = 1000
"""Runs of quoted lines before which an attribution is looked for."""

_ORIGINAL = re.compile(
    r"^[ \t]*[-_*=]{2,}[ \t]*(?:Original Message|Original Appointment|Reply Message|元のメッセージ|オリジナルメッセージ"
    r"|Ursprüngliche Nachricht|Message d'origine|Mensaje original|Messaggio originale|原始邮件|原始郵件|원본 메시지"
    r"|Исходное сообщение)[ \t]*[-_*=]{2,}[ \t]*$",
    re.IGNORECASE,
)
_FROM_LINE = re.compile(
    r"^[ \t*]*(?:From|差出人|送信元|Von|De|Da|发件人|寄件者|보낸 사람|От)[ \t*]*[:：]", re.IGNORECASE
)
_OTHER_LINE = re.compile(
    r"^[ \t*]*(?:Sent|Date|To|Cc|Subject|送信日時|送信済み|日付|日時|宛先|件名|Gesendet|An|Betreff|Envoyé|À|Objet"
    r"|Enviado|Para|Asunto|发送时间|收件人|主题|寄件日期|收件者|主旨)[ \t*]*[:：]",
    re.IGNORECASE,
)
_CUT_HERE = re.compile(rf"{_FROM_LINE.pattern}|[ \t]*[-_*=]{{2}}", re.IGNORECASE)
_RULE = re.compile(r"^[ \t]*(?:[-=_*~━─―ー＝＿*＊+.・:]{6,}|(?:[-=*+][ \t]?){6,})[ \t]*$")
_CONTACT = re.compile(
    r"\bTEL\b|\bFAX\b|\bPhone\b|\bMobile\b|電話|〒|株式会社|有限会社|合同会社|財団法人|社団法人|大学|\bInc\.|\bLtd\b|\bGmbH\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"。|ください|[.!?] +[A-Z]|.{61}")
_HEADING = re.compile(r"^[ \t]*(?:\d+[.．)）]|[\[［【<＜■□●○◆◇・*#])")
_DEVICE = re.compile(
    r"^[ \t]*(?:Sent from my [\w ]{2,40}|Get Outlook for \w+.{0,60}|(?:iPhone|iPad|Android)から送信|私の(?:iPhone|iPad)から送信"
    r"|Von meinem \w+ gesendet|Envoyé de mon \w+)\.?[ \t]*$",
    re.IGNORECASE,
)
MAX_SIGNATURE_LINES = 12


def new_text(text: str, *, is_reply: bool, is_forward: bool) -> str:
    """The writer's own words in a text. `is_reply`, `is_forward`: what header and subject say."""
    lines = text.split("\n")
    if not is_forward:
        lines = _without_original(lines, is_reply=is_reply)
        lines = _without_quotes(lines, is_reply=is_reply)
    lines = _without_signature(lines)
    kept = "\n".join(lines).strip("\n")
    return kept.rstrip() if kept.strip() else text.strip("\n").rstrip()


def _without_original(lines: list[str], *, is_reply: bool) -> list[str]:
    """Cuts the whole mail that Outlook's kin put under a reply, unless answers stand within it."""
    for number, line in enumerate(lines):
        if not _CUT_HERE.match(line):
            continue
        separator = bool(_ORIGINAL.match(line))
        if not separator and not (is_reply and _is_header_block(lines, number)):
            continue
        before, after = lines[:number], lines[number + 1 :]
        if not any(one.strip() for one in before):
            return lines
        if any(_QUOTED.match(one) for one in after):
            return before + _after_header_block(after)
        while before and (not before[-1].strip() or re.fullmatch(r"[ \t]*_{10,}[ \t]*", before[-1])):
            before = before[:-1]
        return before
    return lines


def _is_header_block(lines: list[str], number: int) -> bool:
    if not _FROM_LINE.match(lines[number]):
        return False
    return sum(1 for one in lines[number + 1 : number + 7] if _OTHER_LINE.match(one)) >= 2


def _after_header_block(lines: list[str]) -> list[str]:
    number = 0
    while number < len(lines) and (_FROM_LINE.match(lines[number]) or _OTHER_LINE.match(lines[number])):
        number += 1
    return lines[number:]


def _without_quotes(lines: list[str], *, is_reply: bool) -> list[str]:
    kept: list[str] = []
    number = runs = 0
    while number < len(lines):
        if not _QUOTED.match(lines[number]):
            kept.append(lines[number])
            number += 1
            continue
        run = _quoted_run(lines, number)
        runs += 1
        attribution = _attribution_lines(kept) if runs <= MAX_RUNS else 0
        if attribution or is_reply:
            del kept[len(kept) - attribution :]
        else:
            kept.extend(lines[number:run])
        number = run
    return kept


def _quoted_run(lines: list[str], number: int) -> int:
    """Where the quoted lines end that begin at `number`; empty lines between them belong to them."""
    end = number
    while number < len(lines) and (_QUOTED.match(lines[number]) or not lines[number].strip()):
        number += 1
        if _QUOTED.match(lines[number - 1]):
            end = number
    return end


def _attribution_lines(kept: list[str]) -> int:
    """How many of the last lines say whose words follow (with the empty ones after them); 0 for none."""
    last = kept[-6:]
    while last and not last[-1].strip():
        last.pop()
    empty = len(kept[-6:]) - len(last)
    found = 0
    for count in (1, 2, 3):
        if len(last) < count or not last[-count].strip():
            break
        joined = " ".join(one.strip() for one in last[-count:])
        if _is_attribution(joined) and (not found or _OPENING.match(joined)):
            found = count + empty
    return found


def _is_attribution(line: str) -> bool:
    """Whether a line says whose words follow: `On 1 Nov 2026, A wrote:`, `2026年11月24日(火) 10:00 山田 <a@b>:`."""
    if len(line) > MAX_ATTRIBUTION:
        return False
    if not line.endswith((":", "：")):
        return bool(_SAID_WITHOUT_COLON.search(line))
    dated = bool(_DATED.search(line))
    return bool(_SAID.search(line)) or (dated and bool(_OPENING.match(line) or _ADDRESS.search(line)))


def _without_signature(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and (not lines[end - 1].strip() or _DEVICE.match(lines[end - 1])):
        end -= 1
    lines = lines[:end]
    for back in range(1, min(len(lines), MAX_SIGNATURE_LINES + 1) + 1):
        if lines[-back] in {"-- ", "--", "--\xa0"} and (
            lines[-back] != "--" or back <= MAX_SIGNATURE_LINES // 2 + 1
        ):
            return lines[:-back]
    return _without_ruled_signature(lines)


def _without_ruled_signature(lines: list[str]) -> list[str]:
    """The Japanese manner: name and address between two rules at the very end."""
    if not lines or not _RULE.match(lines[-1]):
        return lines
    for back in range(3, min(len(lines), MAX_SIGNATURE_LINES + 2)):
        if _RULE.match(lines[-back]):
            block = lines[-back + 1 : -1]
            filled = [one for one in block if one.strip()]
            is_signature = any(map(_CONTACT.search, filled)) and not any(map(_no_signature_line, filled))
            return lines[:-back] if is_signature and any(one.strip() for one in lines[:-back]) else lines
    return lines


def _no_signature_line(line: str) -> bool:
    """A heading or a sentence: what stands between rules may be a section, a log, or a mail shown as evidence."""
    return bool(_HEADING.match(line) or _SENTENCE.search(line))
