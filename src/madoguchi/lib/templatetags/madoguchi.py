"""What every template needs: text from outside, shown safely, and moments in time, shown exactly."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from html import escape
from typing import Final

from django import template
from django.forms.boundfield import BoundField, BoundWidget
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from madoguchi.lib import hostile as hostile_text

register = template.Library()

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)


@register.simple_tag
def hostile(text: str) -> SafeString:
    """Text from outside as text only: isolated, unseen characters as marks, links that cannot be followed."""
    inner = "".join(_shown(part) for part in hostile_text.segments(text))
    return mark_safe(f'<bdi dir="auto">{inner}</bdi>')  # noqa: S308 -- every part was escaped by `_shown`


@register.filter
def typed(text: str) -> SafeString:
    """Text for whoever wrote it, or whom we wrote it to: text only, isolated, and nothing of it changed."""
    return format_html('<bdi dir="auto">{}</bdi>', text)


@register.filter
def moment(at: datetime | None, now: datetime | None = None) -> SafeString:
    """How long ago (or ahead) `at` is; the exact time and its zone stand beside it, for the pointer."""
    if at is None:
        return SafeString()
    return _time(at, relative(at, now or timezone.now()))


@register.filter
def exact(at: datetime | None) -> SafeString:
    """The moment to the second with its distance from UTC, in the centre's time zone."""
    return SafeString() if at is None else _time(at, _exact(at))


@register.filter
def dated(at: datetime | None) -> SafeString:
    """The moment in the reader's manner: date, weekday in Japanese, time to the minute, zone."""
    return SafeString() if at is None else _time(at, in_words(at))


@register.filter
def within_the_hour(at: datetime | None) -> str:
    """A moment of which the hour alone is kept, said so: “25 November 2026, between 18:00 and 19:00”."""
    if at is None:
        return ""
    begin, end = timezone.localtime(at), timezone.localtime(at + HOUR)
    words = {"day": day(begin), "begin": f"{begin:%H:%M}", "end": f"{end:%H:%M}"}
    return _("%(day)s, between %(begin)s and %(end)s") % words


@register.filter
def hour_only(at: datetime | None, now: datetime | None = None) -> SafeString:
    """As `moment`, where the hour alone is kept: the hours while it is less than a day ago."""
    if at is None or (now or timezone.now()) - at >= DAY:
        return moment(at, now)
    begin, end = timezone.localtime(at), timezone.localtime(at + HOUR)
    return format_html('<span title="{}">{}</span>', within_the_hour(at), f"{begin:%H:%M}–{end:%H:%M}")


@register.filter
def day(on: date) -> str:
    """A day in the reader's manner: “2026年11月25日”, “25 November 2026”."""
    return _date(on.date() if isinstance(on, datetime) else on, get_language())


@register.filter
def groups(code: str) -> list[str]:
    """A code in the groups in which it is read aloud and typed: as written with hyphens or spaces, else fours."""
    written = code.replace("-", " ").split()
    return written if len(written) != 1 else [code[at : at + 4] for at in range(0, len(code), 4)]


@register.filter
def hint_of(field: BoundField, choice: BoundWidget) -> str:
    """The hint of one choice: the field's `hints` is a dict from the choice's value to a sentence; "" for none."""
    hints: dict[str, str] = getattr(field.field, "hints", {})
    return hints.get(str(choice.data["value"]), "")


@register.filter
def described_by(choice: BoundWidget, hint: str) -> SafeString:
    """The control of one choice; with a hint it names the hint's element, for screen readers."""
    if hint:
        choice.data["attrs"]["aria-describedby"] = f"{choice.id_for_label}_hint"
    return SafeString(choice.tag())


@register.filter
def figure(number: int) -> str:
    """A count with its thousands separated, alike in both languages."""
    return f"{number:,}"


def in_words(at: datetime) -> str:
    """An aware moment in the centre's zone, as people write it.

    “2026年11月25日（水）18:05 JST” or “25 November 2026, 18:05 JST (UTC+09:00)”.
    """
    local = timezone.localtime(at)
    name, offset = local.tzname() or "", f"UTC{local.isoformat()[-6:]}"
    if get_language() == "ja":
        zone = name if name == "JST" else (f"{name}（{offset}）" if name.isalpha() else offset)
        return date_format(local, "Y年n月j日（D）H:i ") + zone
    return date_format(local, "j F Y, H:i ") + (f"{name} ({offset})" if name.isalpha() else offset)


def relative(at: datetime, now: datetime) -> str:
    """The distance between two aware moments in words; a date when it is a week or more."""
    distance = abs(now - at)
    if distance < MINUTE:
        return _("just now")
    if distance >= WEEK:
        return day(timezone.localtime(at))
    if distance < HOUR:
        amount = distance // MINUTE
        ago = ngettext("%(count)d minute ago", "%(count)d minutes ago", amount)
        ahead = ngettext("in %(count)d minute", "in %(count)d minutes", amount)
    elif distance < DAY:
        amount = distance // HOUR
        ago = ngettext("%(count)d hour ago", "%(count)d hours ago", amount)
        ahead = ngettext("in %(count)d hour", "in %(count)d hours", amount)
    else:
        amount = distance // DAY
        ago = ngettext("%(count)d day ago", "%(count)d days ago", amount)
        ahead = ngettext("in %(count)d day", "in %(count)d days", amount)
    return (ago if at <= now else ahead) % {"count": amount}


def _shown(part: hostile_text.Segment) -> str:
    """HTML, by the escaping that Django's own calls in the end: a queue page shows 150 of these."""
    text = escape(part.text)
    match part.kind:
        case "mark":
            return f'<span class="mark" title="{escape(part.title)}">{text}</span>'
        case "link":
            return f'<span class="defanged">{text}</span>'
        case _:
            return text


@lru_cache(maxsize=1024)
def _date(on: date, language: str | None) -> str:
    return date_format(on, "Y年n月j日" if language == "ja" else "j F Y")


def _time(at: datetime, words: str) -> SafeString:
    iso = at.astimezone(UTC).isoformat(timespec="seconds")
    parts = f'<time class="moment" datetime="{iso}" title="{escape(_exact(at))}">{escape(words)}</time>'
    return mark_safe(parts)  # noqa: S308 -- a moment's digits, and words that were escaped


def _exact(at: datetime) -> str:
    local = timezone.localtime(at).isoformat(sep=" ", timespec="seconds")
    return f"{local[:19]} (UTC{local[19:]})"
