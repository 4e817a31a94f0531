"""The console script ``course``: finds the command, runs it, turns errors into exit codes.

Each command is one module in ``autograder.commands`` with a click command named
``command``; it is imported only when it is called, so that ``course units`` does
not wait for torch. Exit codes: 0 fine; 1 what was asked about is not fine; 2 usage
or environment, with the next step to take; 130 interrupted.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback
from contextlib import nullcontext

import click

from . import __version__, commands
from .base.errors import CourseError, did_you_mean, in_words, naming, not_installed
from .base.threads import use_one_thread
from .commands.printing import OUTPUT, end_output, only_json

PRINTERS = ("click", "rich")
NO_COMMANDS = {"effects", "printing", "whom"}  # what several commands use


class LazyGroup(click.Group):
    """A group whose commands are the modules of ``autograder.commands``, without their helpers."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted({module.name for module in pkgutil.iter_modules(commands.__path__)} - NO_COMMANDS)

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
    with only_json() if "--json" in sys.argv[1:] else nullcontext():
        sys.exit(_run())


def _run() -> int:
    """Carry the command out; its exit code, after whatever went wrong was said."""
    try:
        return _ended_with()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except CourseError as error:
        return _refused(str(error))
    except ModuleNotFoundError as error:
        said = not_installed(error.name or "")
        if said is None:
            raise
        return _refused(said)
    except (click.Abort, KeyboardInterrupt):
        click.echo("course: interrupted; results that were finished are kept", err=True)
        return 130
    except BrokenPipeError:  # whoever read our output has read enough
        end_output()
        return 1
    except OSError as error:
        return _refused(in_words(_of_output(error)))


def _ended_with() -> int:
    """Run the command; its exit code."""
    try:
        course.main(standalone_mode=False)
        code = 0
    except SystemExit as ended:
        code = _code_of(ended)
    if sys.stdout is not None:
        with naming(OUTPUT):  # here, where it can still be said that there was no room
            sys.stdout.flush()
    return code


def _code_of(ended: SystemExit) -> int:
    if ended.code is None or isinstance(ended.code, int):
        return ended.code or 0
    click.echo(ended.code, err=True)  # as Python itself does
    return 1


def _refused(why: str) -> int:
    click.echo(f"course: {why}", err=True)
    return 2


def _of_output(error: OSError) -> OSError:
    """The error with its place: what was raised while something was printed names none."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    if error.filename is None and frame.f_globals["__name__"].split(".")[0] in PRINTERS:
        error.filename = OUTPUT
    if error.filename == OUTPUT:
        end_output()
    return error
