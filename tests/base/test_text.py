"""What students wrote, made fit for somebody else's browser."""

import pytest

from autograder.base.text import capped, clean, legible, markdown_to_html, plain
from autograder.gradebook.page_filters import markdown_as_html

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><circle/></svg>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVa\tScript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)></style></mglyph></math>",
    "<form action=//evil><button formaction='javascript:alert(1)'>x</button></form>",
    "<div style='position:fixed;inset:0'>cover</div>",
    "<meta http-equiv=refresh content='0;url=//evil'>",
    "<base href=//evil>",
    "<input onfocus=alert(1) autofocus>",
    "![x](https://evil.example/pixel.png)",
    "<details open ontoggle=alert(1)>",
]
FORBIDDEN = [
    "<script",
    "onerror=",
    "onload",
    "<svg",
    "<iframe",
    "<style",
    "style=",
    "<form",
    "<meta",
    "<base",
]
FORBIDDEN += [
    "<input",
    "<button",
    "ontoggle",
    'href="javascript',
    'href="data',
    "src=",
    "formaction=",
    "<details",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_runs_or_loads_is_left(attack):
    """In a Markdown cell and in HTML, a script, a handler, a foreign picture or a cover is gone."""
    for page in (clean(attack), markdown_as_html(attack, {}), markdown_as_html(f"> text\n\n- {attack}", {})):
        assert not [word for word in FORBIDDEN if word in page.lower()], page


@pytest.mark.parametrize("attack", ATTACKS)
def test_markdown_shows_html_as_text(attack):
    """In our own pages HTML inside Markdown is shown, not obeyed."""
    page = markdown_to_html(attack)
    forbidden = ("<script", "<svg", "<iframe", "<style", "<img src", 'href="j', 'href="d')
    assert not [word for word in forbidden if word in page]


def test_what_is_harmless_stays():
    """Formulas, code, tables, links and embedded pixel pictures survive."""
    page = markdown_as_html(
        "**bold** $a_1 < b_2$ `x` [site](https://example.org)\n\n| a |\n|---|\n| 1 |\n", {}
    )
    for kept in ("<strong>bold", "$a_1 &lt; b_2$", "<code>x</code>", 'href="https://example.org"', "<table>"):
        assert kept in page
    assert 'src="data:image/png;base64,AAAA"' in clean('<img src="data:image/png;base64,AAAA">')
    assert "src" not in clean('<img src="data:image/svg+xml;base64,AAAA">')


def test_plain_text_shows_the_invisible():
    """Direction marks, zero-width and control characters are written out; ordinary text stays."""
    assert plain("a\u202eb\u200bc\x1b[31m") == "a\\u202eb\\u200bc\\u001b[31m"
    assert plain("Grüße, 日本\n\tx") == "Grüße, 日本\n\tx"
    assert plain("\U000e0041") == "\\U000e0041"
    assert plain("\ud800").encode()
    assert plain(None) == ""


def test_what_no_page_can_hold_becomes_words():
    """Half characters and control characters; blanks, letters and a terminal's colours stay."""
    assert legible("a\ud800\0\x7f").encode() == rb"a\ud800\x00\x7f"
    assert legible("Grüße\t\f\r\n\x1b[31m") == "Grüße\t\f\r\n\x1b[31m"


def test_plain_text_is_bounded():
    """A huge message is cut, and says how much is left."""
    text = plain("x" * 1_000_000, limit=10)
    assert text == "x" * 10 + " … (999,990 more characters)"


@pytest.mark.parametrize(("number", "expected"), [(0, []), (2, ["0", "1"]), (3, ["0", "1", "and 1 more"])])
def test_what_comes_in_any_number_is_capped(number, expected):
    """The first few stand there, and the rest is a number."""
    assert capped([str(each) for each in range(number)], 2) == expected


def test_what_was_left_out_has_a_name():
    """Which kind there is more of can be said."""
    assert capped(("a", "b", "c"), 1, "imports") == ["a", "and 2 more imports"]
