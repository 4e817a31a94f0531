"""Plots as inline SVG that take the page's colours and fonts, also in dark mode and in print.

Matplotlib draws with placeholder colours, which are then replaced by the page's CSS
variables. Text stays text. The same numbers give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import escape
from typing import Any

# colours that occur nowhere else, and what the page puts in their place
_INK, _SOFT, _LINE, _BAR, _GOOD, _PART, _NONE = (f"#0102{i:02x}" for i in range(3, 10))
_VARIABLES = {
    _INK: "var(--ink)",
    _SOFT: "var(--soft)",
    _LINE: "var(--line)",
    _BAR: "var(--bar)",
    _GOOD: "var(--good)",
    _PART: "var(--bar)",
    _NONE: "var(--track)",
}
BINS = 10


def score_histogram(scores: Sequence[float], max_score: float) -> str:
    """How many students have which mark, in ten classes; the last one includes full marks and more."""
    counts = histogram(scores, max_score)
    figure, axes = _blank(6.6, 2.5)
    axes.bar(range(BINS), counts, width=0.86, color=_BAR)
    for place, count in enumerate(counts):
        if count:
            axes.text(place, count, str(count), ha="center", va="bottom", color=_INK, fontsize=9)
    axes.set_xticks(range(BINS), [_bin_name(i, max_score) for i in range(BINS)])
    axes.set_yticks([])
    axes.set_xlabel("mark", color=_SOFT)
    axes.set_ylim(0, max(counts, default=0) * 1.18 + 0.1)
    told = ", ".join(f"{_bin_name(i, max_score)}: {count}" for i, count in enumerate(counts) if count)
    return _svg(figure, "scores", f"Histogram of the marks. Students per class: {told or 'none'}.")


def histogram(scores: Sequence[float], max_score: float) -> list[int]:
    """Students in each of ten equal classes from 0 to ``max_score``."""
    counts = [0] * BINS
    for score in scores:
        share = score / max_score if max_score > 0 else 0.0
        counts[min(max(int(share * BINS + 1e-9), 0), BINS - 1)] += 1
    return counts


def named_histogram(scores: Sequence[float], max_score: float) -> list[tuple[str, int]]:
    """The same classes with their names, for who draws without a picture."""
    counts = histogram(scores, max_score)
    return [(_bin_name(place, max_score), count) for place, count in enumerate(counts)]


def task_bars(rows: Sequence[tuple[str, int, int, int]]) -> str:
    """One bar per task: students with all of its points, with some, with none."""
    figure, axes = _blank(6.6, 0.42 * len(rows) + 0.75)
    for place, (_, full, part, none) in enumerate(rows):
        total, left = max(full + part + none, 1), 0.0
        for count, colour in ((full, _GOOD), (part, _PART), (none, _NONE)):
            axes.barh(place, count / total, left=left, height=0.62, color=colour)
            left += count / total
        axes.text(1.015, place, f"{full} / {part} / {none}", va="center", color=_SOFT, fontsize=9)
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    told = "; ".join(
        f"{name}: {full} full, {part} in part, {none} nothing" for name, full, part, none in rows
    )
    return _svg(figure, "tasks", f"Outcome per task. {told}.")


def _bin_name(place: int, max_score: float) -> str:
    width = max_score / BINS
    low, high = place * width, (place + 1) * width
    if place == BINS - 1:
        return f"{low:g}–{high:g}"
    return f"{low:g}–{high - 1:g}" if width > 1 and width == int(width) else f"{low:g}–{high:g}"


def _blank(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # takes half a second, so only where a plot is drawn

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.patch.set_visible(False)
    figure.patch.set_visible(False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_LINE)
    axes.tick_params(length=0, colors=_SOFT, labelsize=9)
    return figure, axes


def _svg(figure: Any, name: str, alt: str) -> str:
    """The figure as an SVG element with a text for those who do not see it."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r"font: ([\d.]+)px [^;\"]+", r"font-size: \1px; font-family: inherit", text)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    return text.replace("<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1).strip()
