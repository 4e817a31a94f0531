"""Two directives whose content comes from the engine, so that the reference cannot grow old.

```{course-commands}     the help of every command
```{fields} results/result.py Check     the fields of a dataclass with their comments
"""

import ast
import tokenize
from pathlib import Path
from typing import ClassVar

import click
from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.statemachine import StringList

from autograder.cli import course

ENGINE = Path(__file__).parents[2] / "autograder"


class Commands(Directive):
    """A section with its help for each command; commands below a group get one of their own."""

    def run(self):
        """The sections."""
        return [self._section(name, text) for name, text in help_texts()]

    def _section(self, name, text):
        section = nodes.section(ids=[nodes.make_id(name)], names=[name])
        section += nodes.title(text=name)
        section += nodes.literal_block(text, text, language="text")
        return section


class Fields(Directive):
    """A table of the fields of one class: name, default, meaning."""

    required_arguments = 2
    has_content = True
    option_spec: ClassVar = {"plain": directives.flag}

    def run(self):
        """The table."""
        path, name = self.arguments
        said = {field: text.strip() for field, _, text in (line.partition(":") for line in self.content)}
        rows = list(self._rows(path, name, said))
        if said:
            raise self.error(f"{name} has no field {', '.join(said)}")
        box = nodes.container()
        self.state.nested_parse(StringList(self._head() + rows, source=path), 0, box)
        return box.children

    def _head(self):
        if "plain" in self.options:
            return ["| name | meaning |", "| --- | --- |"]
        return ["| name | default | meaning |", "| --- | --- | --- |"]

    def _rows(self, path, name, said):
        for field, default, comment in fields_of(path, name):
            meaning = said.pop(field, comment)
            if not meaning:
                raise self.error(f"{name}.{field} has neither a comment in {path} nor a meaning here")
            yield (
                f"| `{field}` | {meaning} |"
                if "plain" in self.options
                else (f"| `{field}` | {default} | {meaning} |")
            )


def help_texts():
    """``(command, its help)`` for all commands, in the order of ``course --help``."""
    top = click.Context(course, info_name="course", color=False, max_content_width=80, terminal_width=80)
    for name in course.list_commands(top):
        yield from _with_children(course.get_command(top, name), name, top)


def _with_children(command, name, parent):
    context = click.Context(command, info_name=name, parent=parent, color=False, terminal_width=80)
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            yield from _with_children(command.get_command(context, child), child, context)


def fields_of(path, name):
    """``(field, default, comment)`` of a dataclass in the engine's source, in order."""
    file = ENGINE / path
    comments = _comments(file)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    (found,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    for node in found.body:
        field = _name_of(node)
        if field and not field.startswith("_") and field != "root":  # the engine fills in the root
            default = f"`{ast.unparse(node.value)}`" if node.value else "required"
            yield field, default, comments.get(node.end_lineno, "").replace("|", "\\|")


def _name_of(node):
    """The field that a statement of a class defines; a member, in an enumeration."""
    if isinstance(node, ast.AnnAssign):
        return ast.unparse(node.target)
    return ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""


def _comments(file):
    with file.open("rb") as stream:
        tokens = tokenize.tokenize(stream.readline)
        return {t.start[0]: t.string.lstrip("# ") for t in tokens if t.type == tokenize.COMMENT}


def for_keyboards(app, pagename, templatename, context, doctree):
    """What scrolls can be reached with the Tab key, and the navigation's headings have a level."""
    body = context.get("body", "").replace("<pre>", '<pre tabindex="0">')
    context["body"] = body.replace('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper')
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')


def setup(app):
    """Register the directives and the last touch to each page."""
    app.connect("html-page-context", for_keyboards, priority=900)  # after the theme
    app.add_directive("course-commands", Commands)
    app.add_directive("fields", Fields)
    return {"parallel_read_safe": True}
