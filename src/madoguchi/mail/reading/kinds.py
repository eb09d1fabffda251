"""What kind of mail it is, from its bytes alone: a table of questions, asked from top to bottom.

A wrong "report" costs a look, a wrong "bounce" loses a report: each question asks for the mail's own form,
not for words that a report may quote. Automatic mails that answer nothing (`Auto-Submitted:
auto-generated`) are reports: most abuse reports are made by programs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from madoguchi.mail.letter import Kind

_DAEMON = re.compile(
    r"^(?:mailer[-_.]?daemon|post[-_.]?master|mail[-_. ]?delivery|mdaemon|mmdf|uucp|bounces?|noreply-mail-delivery)",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"undeliver|non.?deliver|not? delivered|delivery (?:status|failure|report|problem|has failed|error|notification|delayed)"
    r"|returned (?:mail|to sender)|mail(?: delivery)? (?:failed|failure|error|system error)|failure (?:notice|delivery)|could ?n.t be delivered"
    r"|mail could not|unzustellbar|Warning: (?:could not send|message)|delay(?:ed)? mail|bounce"
    r"|配信(?:不能|できません|に失敗)|配送(?:エラー|不能|できません)|送信(?:エラー|できません)|戻り|エラーメール|不達",
    re.IGNORECASE,
)
# As automatic answers are titled: the words and then their end or a colon. `不在通知を装うSMS` is a report.
_ABSENT = re.compile(
    r"(?:out of (?:the )?office|automatic(?:al)? (?:reply|response)|auto[- ]?(?:reply|respon(?:se|der|s))|(?:on )?vacation"
    r"|away from (?:the|my) (?:office|mail|desk)|i am out of (?:the )?office|abwesenheits?(?:notiz|meldung)|automatische antwort"
    r"|réponse automatique|respuesta automática|risposta automatica|자동 ?응답|自动回复|自動回覆"
    r"|自動(?:応答|返信|回答)(?:メール)?|不在(?:応答|のお知らせ|のご連絡)|休暇(?:中|のお知らせ))"
    r"\s*(?:$|[:：\]】）)」]|(?:auto[- ]?)?(?:reply|response|message|notice|notification)\s*(?:$|:)|(?:until|from|till) )"
    r"|away (?:until|from|till) "
    r"|(?:re:\s*)?[\[【(（]\s*(?:自動(?:返信|応答)|auto(?:matic)?[- ]?reply)\s*[\]】)）]",
    re.IGNORECASE,
)
_REPLY = re.compile(
    r"^\s*(?:re|aw|sv|antw|res|返信|回复|回覆|答复|답장)\s*(?:\[\d{1,3}\]|\^\d{1,3})?\s*[:：]", re.IGNORECASE
)
_FORWARD = re.compile(
    r"^\s*(?:fwd?|wg|tr|rv|enc|転送|转发|轉寄|전달)\s*(?:\[\d{1,3}\])?\s*[:：]", re.IGNORECASE
)
# A command, and behind it at most a list's name and addresses: `stop this attack` is a report.
_COMMAND = re.compile(
    r"(?:subscribe|unsubscribe|signoff|登録|解除|購読|退会|入会)(?:[ 　]+[\w.+-]{1,64})?(?:[ 　]+[^\s@]{1,64}@[^\s@]{1,255}){0,2}"
    r"|(?:sub|unsub|join|leave|change|move|変更)(?:[ 　]+[^\s@]{1,64}@[^\s@]{1,255}){0,2}"
    r"|help|info|which|lists?|end|quit|stop|ヘルプ|(?:購読|配信)(?:解除|停止|登録)|登録解除"
    r"|(?:confirm|accept|確認)[ 　]+(?=\S*\d)[\w+/=.-]{6,200}",
    re.IGNORECASE,
)
_CONFIRMED = re.compile(r"\s*(?:re\s*:\s*)?confirm[ :]+[0-9a-z+/=_-]{16,200}\s*", re.IGNORECASE)
MAX_COMMAND_LINES = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """What the questions look at. `types` are those of the letter's own leaves, not of attached messages."""

    type: str
    report_type: str
    types: tuple[str, ...]
    attached: bool
    senders: tuple[str, ...]
    return_path: str | None
    subject: str
    text: str
    new_text: str
    auto_submitted: str
    autoreply_fields: frozenset[str]
    precedence: str
    failed_recipients: bool
    answers: bool


def is_reply(subject: str, *, answers: bool) -> bool:
    """By In-Reply-To or References, or a subject that begins like an answer's."""
    return not is_forward(subject) and (answers or bool(_REPLY.match(subject)))


def is_forward(subject: str) -> bool:
    return bool(_FORWARD.match(subject))


def _feedback(facts: Facts) -> bool:
    return facts.report_type == "feedback-report" or "message/feedback-report" in facts.types


def _delivery_status(facts: Facts) -> bool:
    named = facts.report_type == "delivery-status" and facts.type == "multipart/report"
    return named or (facts.type.startswith("multipart/report") and "message/delivery-status" in facts.types)


def _daemon(facts: Facts) -> bool:
    """A mail system's own words, without the standard form: by its sender, and null return path or subject."""
    if _ABSENT.match(facts.subject):
        return False
    from_daemon = facts.failed_recipients or any(_DAEMON.match(sender) for sender in facts.senders)
    nobody = facts.return_path is not None and facts.return_path.strip("<> ") == ""
    failed = bool(_FAILED.search(facts.subject))
    return (from_daemon and (nobody or failed)) or (nobody and failed) or (from_daemon and not facts.subject)


def _automatic(facts: Facts) -> bool:
    if facts.auto_submitted.startswith(("auto-replied", "auto-notified")):
        return True
    if facts.report_type == "disposition-notification" or facts.precedence in {"auto_reply", "auto-reply"}:
        return True
    return bool(facts.autoreply_fields) or bool(_ABSENT.match(facts.subject))


def _nothing(facts: Facts) -> bool:
    only_text = all(kind.startswith("text/") for kind in facts.types)
    return not facts.text.strip() and not facts.subject.strip() and only_text


def _command(facts: Facts) -> bool:
    """The whole text is commands, or there is no text and the subject is one."""
    if _CONFIRMED.fullmatch(facts.subject):
        return True
    lines = [line.strip() for line in facts.new_text.splitlines() if line.strip()]
    if not lines:
        return bool(_COMMAND.fullmatch(_REPLY.sub("", facts.subject).strip()))
    return len(lines) <= MAX_COMMAND_LINES and all(map(_COMMAND.fullmatch, lines))


def _reply(facts: Facts) -> bool:
    return is_reply(facts.subject, answers=facts.answers)


QUESTIONS: tuple[tuple[Kind, Callable[[Facts], bool]], ...] = (
    ("feedback-report", _feedback),  # RFC 5965
    ("bounce", _delivery_status),  # RFC 3464
    ("bounce", _daemon),
    ("auto-reply", _automatic),  # RFC 3834, RFC 8098, and what was there before them
    ("empty", _nothing),
    ("list-command", _command),
    ("reply", _reply),
)


def of(facts: Facts) -> Kind:
    """The first kind whose question is answered with yes, else `report`."""
    return next((kind for kind, asks in QUESTIONS if asks(facts)), "report")
