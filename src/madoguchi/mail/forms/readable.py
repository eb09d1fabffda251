"""A filled form as text for people: labels at the margin, answers indented, so that no answer can pass for a label."""

from collections.abc import Iterable, Iterator

from madoguchi.mail.forms.declaration import Answers, Field, Form, Language, Words, all_of, text_of

INDENT = "  "
ATTACHED = Words("添付ファイル", "Attachments")
NOT_ANSWERED = Words("（記入なし）", "(not answered)")


def readable(form: Form, answers: Answers, files: Iterable[str], language: Language) -> str:
    """The text. Controls and lone surrogates, which no mail carries unharmed, stand as visible signs."""
    return visible("\n".join(_lines(form, answers, files, language)))


def _lines(form: Form, answers: Answers, files: Iterable[str], language: Language) -> Iterator[str]:
    yield form.title.of(language)
    for section in form.sections:
        for field in section.fields:
            yield ""
            yield field.label.of(language)
            yield from (INDENT + line for line in _answer(field, answers, language))
    names = [visible(name, controls=True) for name in files]
    if names:
        yield ""
        yield ATTACHED.of(language)
        yield from (INDENT + name for name in names)


def _answer(field: Field, answers: Answers, language: Language) -> list[str]:
    if field.choices:
        chosen = [field.label_of(one, language) for one in all_of(answers, field.id)]
        return [line for one in chosen for line in one.split("\n")] or [_nothing(field, language)]
    return (
        text_of(answers, field.id).split("\n") if text_of(answers, field.id) else [_nothing(field, language)]
    )


def _nothing(field: Field, language: Language) -> str:
    return field.empty.of(language) or NOT_ANSWERED.of(language)


# Pictures of the controls (U+2400 and after) but for line feed and tab; an escape would make a reader look for
# another charset (ISO 2022), and UTF-8 has no lone surrogates.
_CONTROLS = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_CONTROLS |= dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)
_SIGNS = {code: sign for code, sign in _CONTROLS.items() if chr(code) not in "\n\t"}


def visible(text: str, *, controls: bool = False) -> str:
    """The text with a sign for each control but line feed and tab (`controls`: for each), and each lone surrogate."""
    return text.translate(_CONTROLS if controls else _SIGNS)
