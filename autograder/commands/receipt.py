"""``course receipt``: what a receipt says, and whether the exchange signed it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from ..base.digest import digest_of_file
from ..base.errors import UsageError
from ..course import Course, find_root, load_course
from ..exchange.client.service import URL_VARIABLE, receipt_key
from ..exchange.store.receipts import (
    LONGEST,
    ForgedReceipt,
    Receipt,
    fingerprint,
    key_of_course,
    lines_of,
    verify_receipt,
)
from .printing import print_json

SOURCE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=SOURCE)
@click.option("--key", type=SOURCE, help="The exchange's public key, PEM.")
@click.option("--url", help=f"Ask the exchange at this address for its key; {URL_VARIABLE} where left out.")
@click.option(
    "--compare",
    multiple=True,
    type=SOURCE,
    help="Is this one of the files that were handed in? May be given again.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON on stdout.")
def command(file: Path, key: Path | None, url: str | None, compare: tuple[Path, ...], as_json: bool) -> None:
    """Say who handed in what and when, as the receipt in FILE has it, and whether the exchange signed it.

    The key is --key, else that of --url, of the course whose folder this is, or of COURSE_EXCHANGE_URL. Exit
    code 0 where it is valid and has all compared files, 1 where not, 2 where it cannot be read.
    """
    text, course = _read(file), _course()
    source, public = _key(key, url, course)
    try:
        found, trouble = verify_receipt(text, public), ""
    except ForgedReceipt as error:
        found, trouble = None, str(error)
    same = {str(path): found is not None and _is_in(path, found) for path in compare}
    if as_json:
        receipt = None if found is None else asdict(found)
        said = {"source": source, "sha256": fingerprint(public)}
        print_json(
            {"valid": found is not None, "trouble": trouble, "key": said, "receipt": receipt, "same": same}
        )
    else:
        held = f"held against the key of {source}, SHA-256 {fingerprint(public)}"
        click.echo(f"{'valid' if found else 'NOT VALID'}: {held}")
        for line in lines_of(found, course.zone if course else None) if found else [trouble]:
            click.echo(line)
        for path, is_same in same.items() if found else ():
            click.echo(f"{path}: {'is one of these files' if is_same else 'IS NONE of these files'}")
    sys.exit(0 if found is not None and all(same.values()) else 1)


def _read(path: Path) -> str:
    if path.stat().st_size > LONGEST:
        raise UsageError(f"{path} is no receipt: it is larger than {LONGEST >> 10} KiB.")
    try:
        return path.read_text(encoding="ascii")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is no receipt: a receipt is one line of letters, digits, - and _."
        ) from error


def _key(key: Path | None, url: str | None, course: Course | None) -> tuple[str, str]:
    """Whose public key a receipt is held against, and the key."""
    if key is not None:
        return str(key), key.read_text(encoding="ascii", errors="replace")
    own = None if course is None or url else key_of_course(course)
    if own is not None and course is not None:
        return course.title, own
    return receipt_key(url)


def _course() -> Course | None:
    try:
        find_root()
    except UsageError:
        return None
    return load_course()


def _is_in(path: Path, receipt: Receipt) -> bool:
    return digest_of_file(path) in receipt.files.values()
