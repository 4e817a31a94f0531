"""The console script ``course``: finds the command, runs it, turns errors into exit codes.

Each command is one module in ``autograder.commands`` with a click command named
``command``; it is imported only when it is called, so that ``course units`` does
not wait for torch. Exit codes: 0 fine; 1 what was asked about is not fine; 2 usage
or environment, with the next step to take; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import sys
from importlib import metadata

import click

from . import __version__, commands
from .errors import CourseError, did_you_mean
from .threads import use_one_thread

DISTRIBUTION = "course-autograder"


class LazyGroup(click.Group):
    """A group whose commands are the modules of ``autograder.commands``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self.list_commands(ctx):
            raise click.UsageError(
                f"no command {cmd_name!r}: {did_you_mean(cmd_name, self.list_commands(ctx))}"
            )
        command: click.Command = importlib.import_module(f".commands.{cmd_name}", __package__).command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="course")
def course() -> None:
    """Release, grade and explain deep-learning assignments."""


def main() -> None:
    """Entry point of the console script."""
    use_one_thread()
    try:
        course.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except CourseError as error:
        click.echo(f"course: {error}", err=True)
        sys.exit(2)
    except ModuleNotFoundError as error:
        part = _part_of(error.name or "")
        if part is None:
            raise
        click.echo(
            f"course: {error.name} is not installed; this command needs it: "
            f"pip install '{DISTRIBUTION}[{part}]'",
            err=True,
        )
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("course: interrupted; results that were finished are kept", err=True)
        sys.exit(130)
    except BrokenPipeError:  # whoever read our output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _part_of(module: str) -> str | None:
    """The optional part of this distribution that brings a module; None where none does."""
    wanted = module.split(".")[0].replace("_", "-").lower()
    for line in metadata.requires(DISTRIBUTION) or ():
        found = re.match(r"""([A-Za-z0-9._-]+).*;\s*extra\s*==\s*["'](.+?)["']""", line)
        if found and re.sub(r"[-_.]+", "-", found[1]).lower() == wanted:
            return found[2]
    return None
