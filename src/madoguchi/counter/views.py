"""Public pages that are the same for everybody: what can be done here, help at once, the privacy notice."""

from django.http import Http404

from madoguchi.counter import guidance, notices
from madoguchi.counter.everybody import Page, Reader, for_everybody
from madoguchi.counter.prose import filled


@for_everybody
def home(_reader: Reader) -> Page:
    return Page("counter/home.html", {"page": "home"})


@for_everybody
def help_at_once(reader: Reader) -> Page:
    return Page("counter/help.html", {"page": "help", "guides": guidance.guides(reader.language)})


@for_everybody
def help_with(reader: Reader, kind: str) -> Page:
    if kind not in guidance.KINDS:
        raise Http404
    chosen = guidance.guide(reader.language, kind)
    others = [one for one in guidance.guides(reader.language) if one.id != kind]
    return Page("counter/guide.html", {"page": "guide", "guide": chosen, "others": others})


@for_everybody
def privacy(reader: Reader, version: str = "") -> Page:
    """The notice that holds now, or the one of a version that reports refer to."""
    try:
        shown = notices.notice(version or notices.current())
    except KeyError as unknown:
        raise Http404 from unknown
    sections = [(section, filled(section.body, reader.centre)) for section in shown.sections[reader.language]]
    given = {"notice": shown, "sections": sections, "versions": notices.VERSIONS, "newest": notices.current()}
    return Page("counter/privacy.html", {"page": "privacy"} | given)
