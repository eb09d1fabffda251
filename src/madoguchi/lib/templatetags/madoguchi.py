"""What every template needs: text from outside, shown safely, and moments in time, shown exactly."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from html import escape
from typing import Final

from django import template
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
def figure(number: int) -> str:
    """A count with its thousands separated, alike in both languages."""
    return f"{number:,}"


def relative(at: datetime, now: datetime) -> str:
    """The distance between two aware moments in words; a date when it is a week or more."""
    distance = abs(now - at)
    if distance < MINUTE:
        return _("just now")
    if distance >= WEEK:
        return _date(timezone.localtime(at).date(), get_language())
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
def _date(day: date, language: str | None) -> str:  # noqa: ARG001 -- the language is a part of the key
    return date_format(day, "DATE_FORMAT")


def _time(at: datetime, words: str) -> SafeString:
    iso = at.astimezone(UTC).isoformat(timespec="seconds")
    return format_html('<time class="moment" datetime="{}" title="{}">{}</time>', iso, _exact(at), words)


def _exact(at: datetime) -> str:
    local = timezone.localtime(at).isoformat(sep=" ", timespec="seconds")
    return f"{local[:19]} (UTC{local[19:]})"
