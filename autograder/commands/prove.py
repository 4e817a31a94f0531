"""``course prove``: does a unit's grader see what it should, and nothing else?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from ..course import Unit, load_course
from .printing import print_json

if TYPE_CHECKING:
    from ..prove import Proof, StoredProof
    from ..prove.killing import Killing


@click.command()
@click.argument("units", nargs=-1, metavar="[UNIT...]")
@click.option("--mutants", is_flag=True, help="Hunt mutants of the reference, too (minutes).")
@click.option(
    "--papers", "--seeds", "papers", type=click.IntRange(1), help="Only the first so many papers; else all."
)
@click.option(
    "--published", is_flag=True, help="The papers of demos and stored proofs, not the course's own."
)
@click.option("--write", is_flag=True, help="Store the proof in proofs/ (with --mutants); published papers.")
@click.option("--check", is_flag=True, help="Is the stored proof fresh? Repeats a random 5 % of it.")
@click.option("--json", "as_json", is_flag=True, help="Print machine-readable output.")
def command(
    units: tuple[str, ...],
    mutants: bool,
    papers: int | None,
    published: bool,
    write: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Prove that a unit's hidden checks tell right from wrong, on every paper that a submission can get.

    The reference and every variant get full marks; the stub and trivial code nothing; every known mistake
    is caught, costs what its price or the stored proof says and is named from its output; no cheat earns
    more than it may; with --mutants, small changes of the reference are noticed.
    """
    if write and not mutants:
        raise click.UsageError("--write stores whole proofs; add --mutants")
    course = load_course()
    chosen = [course.unit(name) for name in units] if units else _ready(course.units)
    if check:
        from ..prove import examine_stored

        stored = [examine_stored(course, unit) for unit in chosen]
        if as_json:
            print_json([each.to_dict() for each in stored])
        else:
            click.echo(_standing(stored))
        sys.exit(0 if all(each.ok for each in stored) else 1)
    from ..judge.papers import PUBLISHED_SECRET
    from ..judge.secret import course_secret
    from ..prove import prove, remember

    secret = PUBLISHED_SECRET if published or write else course_secret(course)
    proofs = []
    for unit in chosen:
        proof = prove(course, unit, papers=papers, secret=secret, mutants=mutants, tell=_teller(unit.name))
        proof = _settled(unit, proof, write)
        remember(course, unit, proof, secret)
        proofs.append(proof)
        if not as_json:
            print_matrix(proof)
    if as_json:
        print_json([proof.to_dict() for proof in proofs])
    sys.exit(0 if all(proof.ok for proof in proofs) else 1)


def _settled(unit: Unit, proof: Proof, write: bool) -> Proof:
    """Store the proof, or hold it against the stored one: a new price is right only where it is stored."""
    from ..prove import repriced, write_proof

    changes = repriced(unit, proof)
    if not write:
        renew = f"where that is meant, run 'course prove {unit.name} --mutants --write'"
        return replace(proof, problems=(*proof.problems, *(f"{change}; {renew}" for change in changes)))
    click.echo("\n".join([*changes, f"wrote {write_proof(unit, proof)}"]), err=True)
    return proof


def _standing(stored: list[StoredProof]) -> str:
    """How stored proofs stand, for people."""
    problems = [f"{each.unit}: {problem}" for each in stored for problem in each.problems]
    return "\n".join(problems) or f"proofs of {', '.join(s.unit for s in stored)}: fresh, sample agrees"


def print_matrix(proof: Proof) -> None:
    """The proof as a table, and below it what is wrong."""
    from rich.console import Console
    from rich.table import Table

    table = Table("trial", "result", "asked", "failed checks", title=f"{proof.unit}, {proof.seeds} papers")
    table.add_row("reference", f"{proof.reference:.0%}", "100%", "")
    for name, score in proof.variants.items():
        table.add_row(f"variant {name}", f"{score:.0%}", "100%", "")
    for name, score in {"stub": proof.stub, **proof.trivial}.items():
        table.add_row(name if name == "stub" else f"trivial {name}", f"{score:.0%}", "0%", "")
    table.add_section()
    for name, found in proof.mistakes.items():
        costs = proof.costs[name]
        asked = f"{costs[0]:.0%} to {costs[1]:.0%}" if costs else "as stored"
        named = "named" if found["named"] else "[red]not named[/]"
        result = f"costs {found['cost']:.0%}, {named}" if found["caught"] else "[red]not caught[/]"
        table.add_row(f"mistake {name}", result, asked, " ".join(found["by"]))
    for name, found in proof.cheats.items():
        table.add_row(f"cheat {name}", f"earns {found['earned']:.0%}", f"at most {found['most']:.0%}", "")
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(table)
    if proof.mutants is not None:
        click.echo("\n".join(_hunted(proof.mutants)))
    for problem in proof.problems:
        console.print(problem, style="red", highlight=False, markup=False)
    console.print(f"{proof.unit}: {'proven' if proof.ok else f'{len(proof.problems)} problems'}")


def _hunted(hunt: Killing) -> Iterator[str]:
    """How the mutants fared, and the lines to paste for those that live."""
    yield f"mutants: {len(hunt.killed)} of {hunt.total} killed, {hunt.equivalent} judged equivalent"
    for mutant in hunt.survivors:
        if mutant.id in hunt.reasons:
            yield f"{mutant.id} equivalent: {hunt.reasons[mutant.id]}\n{mutant.diff}"
    if hunt.living:
        yield (
            f"{len(hunt.living)} live. Write a check that sees them; what computes the same goes into "
            "EQUIVALENT of mistakes.py, each with its reason:"
        )
        yield hunt.to_paste()


def _ready(units: tuple[Unit, ...]) -> list[Unit]:
    """All units that have a grader; the others are named on stderr."""
    for unit in units:
        if not unit.grader.is_file():
            click.echo(f"{unit.name}: no grader.py yet, nothing to prove", err=True)
    return [unit for unit in units if unit.grader.is_file()]


def _teller(unit: str):  # type: ignore[no-untyped-def]
    def tell(what: str, done: int, of: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{unit}: {what} {done}/{of}" + ("\n" if done == of else ""), err=True, nl=False)
        elif done == of:
            click.echo(f"{unit}: {of} {what} tried", err=True)

    return tell
