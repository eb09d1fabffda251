"""What every template needs: text from outside, shown safely, and moments in time, shown exactly."""

from datetime import UTC, datetime, timedelta
from typing import Final

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from madoguchi.lib import hostile as hostile_text

register = template.Library()

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)


@register.simple_tag
def hostile(text: str) -> SafeString:
    """Text from outside as text only: isolated, unseen characters as marks, links that cannot be followed."""
    return format_html(
        '<bdi dir="auto">{}</bdi>',
        format_html_join("", "{}", ((_shown(part),) for part in hostile_text.segments(text))),
    )


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
        return date_format(timezone.localtime(at), "DATE_FORMAT")
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


def _shown(part: hostile_text.Segment) -> SafeString:
    match part.kind:
        case "mark":
            return format_html('<span class="mark" title="{}">{}</span>', part.title, part.text)
        case "link":
            return format_html('<span class="defanged">{}</span>', part.text)
        case _:
            return format_html("{}", part.text)


def _time(at: datetime, words: str) -> SafeString:
    iso = at.astimezone(UTC).isoformat(timespec="seconds")
    return format_html('<time class="moment" datetime="{}" title="{}">{}</time>', iso, _exact(at), words)


def _exact(at: datetime) -> str:
    local = timezone.localtime(at).isoformat(sep=" ", timespec="seconds")
    return f"{local[:19]} (UTC{local[19:]})"
