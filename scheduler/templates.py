"""Templates of messages: Jinja2 in a sandbox, with only the parts a message needs.

Managers write templates, so a template can neither reach out nor run on. Rather than watch it
while it runs, this room reads it first and lets through only a small language: variables,
`if`, one level of `for`, comparisons, `+`, `-` and `~`, and filters that never lengthen a text
by much. With no calls, assignments, macros, powers or nested loops, every template ends, and
its length is bounded by its own and by what it is given. Jinja2's sandbox guards attributes.

Text is plain: channels escape it for their platform.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from jinja2 import (
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    Undefined,
    meta,
    nodes,
)
from jinja2.exceptions import UndefinedError
from jinja2.sandbox import SandboxedEnvironment

from storage.errors import SchedulingError

LONGEST_TEMPLATE = 8_000
"""Characters in a template."""
LONGEST_TEXT = 4_096
"""Characters in a rendered text: the longest message a platform takes (Telegram)."""

COUPON = "coupon"
"""The variable that stands for a code of the reader's own, in private words alone."""

_FILTERS = ("default", "first", "last", "length", "lower", "trim", "truncate", "upper")
_ALLOWED_NODES: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Add,
    nodes.Sub,
    nodes.Concat,
    nodes.Filter,
    nodes.Test,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.List,
    nodes.Tuple,
)


class TemplateBroken(SchedulingError):
    """A template is not written correctly."""

    number = 313
    sentence = "The template is broken in line {line}: {reason}."
    mend = "Correct that line; a variable is written {{{{ shop }}}}."


class TemplateForbidden(SchedulingError):
    """A template uses a part of Jinja2 that messages may not use."""

    number = 314
    sentence = "The template uses {what} in line {line}, which messages may not."
    mend = "Use variables, if, one level of for, + - ~ and the filters " + ", ".join(_FILTERS) + "."


class VariableUnknown(SchedulingError):
    """A template asks for a variable that is not known where it is used."""

    number = 315
    sentence = "The template asks for something that is not known here: {reason}."
    mend = "The variables here are: {known}."


class TemplateFailed(SchedulingError):
    """A template is written correctly but cannot be filled in with these variables."""

    number = 316
    sentence = "The template cannot be filled in: {reason}."
    mend = "Look at how its variables are used."


class TextTooLong(SchedulingError):
    """A template, or the text it gives, is longer than a message can be."""

    number = 317
    sentence = "The {what} has more than {limit} characters."
    mend = "Shorten it, or split it into two messages."


def _printable(value: object) -> object:
    """Let only texts and numbers into a message, never a method or a whole object."""
    if isinstance(value, str | int | float | Decimal | Undefined):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be part of a text")


_environment = SandboxedEnvironment(
    undefined=StrictUndefined,
    finalize=_printable,
    autoescape=False,  # the text is plain, and each channel escapes it for its platform
)
_environment.filters = {name: _environment.filters[name] for name in _FILTERS}
_environment.globals.clear()


def check(template: str) -> None:
    """Refuse a template that is broken or uses more than a message may.

    Raises:
        TemplateBroken: it is not correct Jinja2.
        TemplateForbidden: it uses a part that messages may not.
        TextTooLong: it has more than `LONGEST_TEMPLATE` characters.
    """
    _compiled(template)


@lru_cache(maxsize=1_024)
def variables_of(template: str) -> frozenset[str]:
    """The names of the variables that a template asks for.

    Raises:
        TemplateBroken, TemplateForbidden, TextTooLong: as `check`.
    """
    check(template)
    return frozenset(meta.find_undeclared_variables(_environment.parse(template)))


def render(template: str, /, **variables: object) -> str:
    """The template filled in, without blank lines at its ends.

    Raises:
        TemplateBroken, TemplateForbidden: as `check`.
        VariableUnknown: it asks for a variable, or a part of one, that was not given.
        TemplateFailed: its variables do not fit how it uses them.
        TextTooLong: the template or the text is too long.
    """
    compiled = _compiled(template)
    pieces: list[str] = []
    length = 0
    try:
        for piece in compiled.generate(variables):
            pieces.append(piece)
            length += len(piece)
            if length > LONGEST_TEXT:
                raise TextTooLong(what="text", limit=LONGEST_TEXT)
    except UndefinedError as error:
        known = ", ".join(sorted(variables)) or "none"
        raise VariableUnknown(reason=error.message, known=known) from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise TemplateFailed(reason=str(error).rstrip(".")) from error
    return "".join(pieces).strip()


@lru_cache(maxsize=256)
def _compiled(template: str) -> Template:
    if len(template) > LONGEST_TEMPLATE:
        raise TextTooLong(what="template", limit=LONGEST_TEMPLATE)
    try:
        tree = _environment.parse(template)
        _forbid(tree, inside_loop=False)
        return _environment.from_string(template)
    except TemplateSyntaxError as error:
        raise TemplateBroken(line=error.lineno, reason=str(error.message).rstrip(".")) from error
    except RecursionError as error:
        raise TemplateBroken(line=1, reason="it is nested too deeply") from error


def _forbid(node: nodes.Node, *, inside_loop: bool) -> None:
    """Raise for the first part of the tree that messages may not use."""
    if not isinstance(node, _ALLOWED_NODES):
        raise TemplateForbidden(what=f"'{type(node).__name__.lower()}'", line=node.lineno)
    if isinstance(node, nodes.For):
        if inside_loop or node.recursive:
            raise TemplateForbidden(what="a loop within a loop", line=node.lineno)
        inside_loop = True
    if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        raise TemplateForbidden(what=f"the filter {node.name!r}", line=node.lineno)
    for child in node.iter_child_nodes():
        _forbid(child, inside_loop=inside_loop)
