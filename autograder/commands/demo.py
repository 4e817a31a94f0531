"""``course demo``: the whole story on one machine in a minute or two."""

from __future__ import annotations

from collections import Counter

import click
from rich.console import Console
from rich.table import Table

from ..base.errors import UsageError
from ..course import Unit, find_root
from ..demo.story import Story, demo_course, pages, tell
from ..sandbox.doctor.certificates import strongest_tier


@click.command()
@click.option("--students", type=click.IntRange(1, 5000), default=20, show_default=True)
@click.option("--unit", "names", multiple=True, help="A unit; all where left out. May be repeated.")
def command(students: int, names: tuple[str, ...]) -> None:
    """Build the releases, simulate a class, grade it in the sandbox, write feedback and a report."""
    console, root = Console(), find_root()
    tier = strongest_tier()
    if tier == "none":
        raise UsageError(
            "no isolation can be certified on this machine, and the demo grades hostile files; "
            "'course doctor' says what is missing"
        )
    console.print(f"isolation: [bold]{tier}[/bold], certified by real escape attempts (course doctor)")
    course = demo_course(root)
    units: list[Unit] = [course.unit(name) for name in names] or list(course.units)
    stories = [tell(course, unit, students, tier, console.print) for unit in units]
    for story in stories:
        _show(console, story)
    page = pages(course)
    example = stories[-1].done[0].found.student
    feedback = course.data_folder / "feedback" / units[-1].name / example / "index.html"
    console.print(f"\nclass report:  {page}\nfeedback of {example}:  {feedback}")
    console.print(f"other commands find it with COURSE_DATA={course.data_folder} before them")


def _show(console: Console, story: Story) -> None:
    table = Table(title=f"{story.unit.title} ({story.unit.name})", box=None, header_style="bold")
    for name in ("submission", "graded", "mean score", "mistakes named", "verdicts other than PASSED"):
        table.add_column(name, overflow="fold")
    kinds = {person.student: person.kind for person in story.people}
    for kind in dict.fromkeys(kinds.values()):
        results = [item.result for item in story.done if kinds[item.found.student] == kind]
        scores = [result.score for result in results if result.score is not None]
        verdicts = Counter(
            str(c.verdict) for result in results for c in result.checks if c.verdict != "PASSED"
        )
        named = {c.mistake for result in results for c in result.checks if c.mistake}
        mean = f"{sum(scores) / len(scores):.1f}" if scores else "—"
        words = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common(4))
        table.add_row(kind, str(len(results)), mean, ", ".join(sorted(named)), words)
    console.print(table)
    each = story.seconds / max(len(story.done), 1)
    console.print(f"{len(story.done)} submissions in {story.seconds:.1f} s, {each * 1000:.0f} ms each")
