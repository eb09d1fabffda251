"""HTML is read as its reader sees it, with the true targets of its links."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.mail.reading import html


def to_text(document: str) -> str:
    return html.to_text(document, [])


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two<br>three<br><br>four</div>", "one\ntwo\nthree\n\nfour"),
        ("a  \n b&nbsp;&amp;&lt;", "a b\xa0&<"),
        ("<ul><li>one<li>two</ul>", "- one\n- two"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        (
            "mine<blockquote>theirs<blockquote>older</blockquote></blockquote>",
            "mine\n\n> theirs\n>\n> > older",
        ),
        ("<style>p{}</style><script>x</script><title>t</title><!-- c -->seen", "seen"),
        ("<!DOCTYPE html><?xml?><![if !mso]>seen<![endif]>", "seen"),
        ("<img alt='a map' src=x>", "[a map]"),
        ("a < b and <3 <b>c</b>", "a < b and <3 c"),
        ("", ""),
    ],
)
def test_blocks_become_lines(document: str, text: str) -> None:
    assert to_text(document) == text


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ('<a href="https://evil.example/x">your bank</a>', "your bank <https://evil.example/x>"),
        ("<a href=https://a.example/>https://a.example</a>", "https://a.example"),
        ("<a href='mailto:a@example.jp'>a@example.jp</a>", "a@example.jp"),
        ("<a href='x?a=1&amp;b=2'>y</a>", "y <x?a=1&b=2>"),
        ("<a href='#top'>up</a>", "up"),
        ("<a href='https://a.example'><img src=x></a>", "<https://a.example>"),
        (
            "<a href='https://a.example'>one<a href='https://b.example'>two",
            "one <https://a.example>two <https://b.example>",
        ),
        ("<a title='>' href='https://a.example'>one</a>", "one <https://a.example>"),
    ],
)
def test_a_link_shows_where_it_leads(document: str, text: str) -> None:
    assert to_text(document) == text


def test_a_link_that_shows_another_address_is_a_defect() -> None:
    defects: list[str] = []
    html.to_text("<a href='https://evil.example/'>https://bank.example/</a>", defects)
    assert defects == [html.DECEIVING]


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">secret</div>',
        '<div style="DISPLAY : NONE !important">secret<div>more</div></div>',
        "<span hidden>secret</span>",
        "<p style='font-size:0px'>secret</p>",
        "<p style='visibility: hidden'>secret<p>",
        "<td style='mso-hide:all'>secret<td>",
        "<div style='opacity:0'>secret</div>",
    ],
)
def test_hidden_text_is_left_out_and_named(hidden: str) -> None:
    defects: list[str] = []
    assert html.to_text(f"<div>before</div>{hidden}<div>after</div>", defects).split() == ["before", "after"]
    assert defects == [html.HIDDEN]


def test_hidden_blanks_are_no_defect() -> None:
    defects: list[str] = []
    html.to_text("<div style='display:none'>&nbsp;&zwnj;&nbsp;</div>x", defects)
    assert defects == []


BOMBS = {
    "attributes": lambda n: "<p " + "".join(f"a{i}=1 " for i in range(n)) + ">x",
    "depth": lambda n: "<div>" * n,
    "formatting": lambda n: "".join(f"<b id={i}>" for i in range(n)) + "<p>" * n,
    "unclosed": lambda n: "<a " * n,
    "quotes": lambda n: "<blockquote>x" * n,
    "comments": lambda n: "<!--" * n,
    "scripts": lambda n: "<script>" * n,
    "hidden": lambda n: "<p hidden>x" * n,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_the_work_grows_with_the_size_and_not_with_its_square(bomb) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    def cost(n: int) -> float:
        document = bomb(n)
        best = min(_timed(document) for _ in range(3))
        return max(best, 0.002)

    assert cost(32_000) / cost(4_000) < 8 * 5


def _timed(document: str) -> float:
    begun = time.process_time()
    to_text(document)
    return time.process_time() - begun


def test_more_tags_than_are_read_still_give_their_text() -> None:
    defects: list[str] = []
    text = html.to_text("<i>" * html.MAX_TAGS + "<b>the end</b>", defects)
    assert text.strip() == "the end"
    assert defects == [html.TOO_MANY]


@given(
    st.lists(
        st.sampled_from(
            ["<", ">", "a", "/", "'", '"', "=", " ", "!--", "-->", "href", "&", "#", "pre", "\n", "hidden"]
        )
    )
)
@settings(max_examples=300, deadline=None)
def test_any_markup_is_read(pieces: list[str]) -> None:
    assert isinstance(to_text("".join(pieces)), str)


@given(st.text(st.characters(blacklist_characters="<&\0", blacklist_categories=["Cs", "Cc"])))
def test_text_without_markup_loses_nothing(text: str) -> None:
    assert to_text(text).split() == text.split()
