"""The one registry of commands: what is declared here is all there is.

A command is a function with a declaration. Its signature says which arguments it takes:

    @command("tag", "标签", Role.MANAGER, "给一位成员贴标签", "/tag @小鱼 敏感肌 常问成分")
    async def tag(desk: Desk, asked: Asked, member: Nickname, tag: Word, why: Rest | None = None):
        yield reply("...")

From this one place come parsing, the role check, `/help`, a platform's command menu, and
`docs/reference/commands.md`.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, get_args, get_type_hints

from handlers.arguments import Argument, FormAnswer, Nickname, Unreadable
from handlers.replies import Replies
from handlers.roles import Role
from handlers.segment_deeds import SegmentDeed
from handlers.wording import Say

Run = Callable[..., Replies]

# A command word begins with a letter or a Chinese character: "/::)" and "/(ㄒoㄒ)/~~" are faces.
# It may carry the bot's name (/help@our_bot), as platforms write it in groups; any other @ begins
# the arguments (/标签@小鱼 敏感肌).
_OPENING = re.compile(
    r"\s*[/／](?P<name>[^\W\d_][^\s/／=＝@＠]*)"
    r"(?:@[a-z0-9_]*bot(?![a-z0-9_]))?(?P<rest>.*)",
    re.DOTALL | re.IGNORECASE,
)
_BARE = re.compile(r"\s*(?P<name>\S+)(?P<rest>.*)", re.DOTALL)
_SLASHES = frozenset("/／")
_EMPHASIS = "!！。.~～"
# What only a command is followed by: somebody or a group by name, or the number of a campaign.
_ADDRESSED = re.compile(r"\s*[@＠#＃]")
# What may be anything: a command that takes it is talk without its slash.
_WITH_SLASH = (Nickname, FormAnswer, SegmentDeed)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a command, by name."""

    name: str
    kind: type[Argument]
    optional: bool


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `summary` and `example` are keys of the wording; the example works as it is.

    An `urgent` one waits for no other and takes no arguments: in a hurry anything may follow the
    slash and the name. One that is not `in_menu` takes back what another one does: platforms whose
    menus are short leave it out, and `/help` has it. One that is not `guessed` lays down how the
    asker is treated: it is never offered to somebody who mistyped another.
    """

    name: str
    alias: str
    role: Role
    summary: str
    example: str
    parameters: tuple[Parameter, ...]
    run: Run
    urgent: bool = False
    in_menu: bool = True
    guessed: bool = True

    def usage(self, say: Say) -> str:
        """How it is called, with optional arguments in brackets."""
        parts = [
            f"[{say(one.kind.label)}]" if one.optional else say(one.kind.label)
            for one in self.parameters
        ]
        return " ".join((f"/{self.name}", *parts))


@dataclass(frozen=True, slots=True)
class Call:
    """A command with its arguments, ready to run."""

    command: Command
    arguments: Mapping[str, Argument]


@dataclass(frozen=True, slots=True)
class Misread:
    """The text asks for a command, but with missing or wrong arguments; a sentence says which."""

    command: Command
    sentence: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The text asks for a command that does not exist; `nearest` is what may have been meant."""

    name: str
    nearest: Command | None


Parsed = Call | Misread | Unknown | None


class Registry:
    """All commands, by name and by alias."""

    def __init__(self) -> None:
        self._commands: dict[str, Command] = {}
        self._by_word: dict[str, Command] = {}

    def command(
        self,
        name: str,
        alias: str,
        role: Role,
        summary: str,
        example: str,
        *,
        urgent: bool = False,
        in_menu: bool = True,
        guessed: bool = True,
    ) -> Callable[[Run], Run]:
        """Declare the decorated function as a command.

        Raises:
            ValueError: the name or the alias is taken.
        """

        def declare(run: Run) -> Run:
            for word in (name, alias):
                if word in self._by_word:
                    raise ValueError(f"the command word {word!r} is taken")
            taken = _parameters(run)
            declared = Command(
                name, alias, role, summary, example, taken, run, urgent, in_menu, guessed
            )
            self._commands[name] = declared
            self._by_word[name] = self._by_word[alias] = declared
            return run

        return declare

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def find(self, word: str) -> Command | None:
        """The command with this name or alias, with or without its slash."""
        return self._by_word.get(word.lstrip("/／").lower())

    def parse(self, text: str, role: Role) -> Parsed:
        """What a message asks for; None where it is ordinary talk.

        With a slash and a word it is always a command, and an unknown one is answered, as is the
        slash alone: somebody tries what there is. Without a slash, only an alias at the very front
        counts, and only of a command that the role may use: a fan who begins a sentence with 标签
        is just talking, and so is a manager where what follows is not what the command takes. A
        command beyond the role is `Unknown`, so that a refusal says nothing about what exists.
        """
        if opening := _OPENING.match(text):
            word = opening["name"].lower().rstrip(_EMPHASIS)
            command = self._by_word.get(word)
            if command is None or command.role > role:
                return Unknown(opening["name"], self._nearest(word, role))
            return _read(command, opening["rest"])
        if text.strip() in _SLASHES:
            return Unknown("", None)
        bare = _BARE.match(text)
        word = bare["name"].rstrip(_EMPHASIS) if bare else ""
        command = self._by_word.get(word)
        if bare is None or command is None or word != command.alias:
            return None
        if word != bare["name"] and not command.urgent:
            return None
        return _read_bare(command, bare["rest"]) if role >= command.role else None

    def insists(self, text: str, role: Role) -> bool:
        """Whether a text is a command also where a form waits for words.

        With its slash it is, and 急停 is always.
        """
        if _OPENING.match(text):
            return True
        read = self.parse(text, role)
        return isinstance(read, Call) and read.command.urgent

    def _nearest(self, word: str, role: Role) -> Command | None:
        words = [
            known
            for known, command in self._by_word.items()
            if role >= command.role and command.guessed
        ]
        close = get_close_matches(word, words, n=1, cutoff=0.5)
        return self._by_word[close[0]] if close else None


def _parameters(run: Run) -> tuple[Parameter, ...]:
    hints = get_type_hints(run)
    found = []
    for name, parameter in list(inspect.signature(run).parameters.items())[2:]:
        hint: Any = hints[name]
        if isinstance(hint, types.UnionType):
            hint = next(part for part in get_args(hint) if part is not types.NoneType)
        found.append(Parameter(name, hint, parameter.default is not inspect.Parameter.empty))
    return tuple(found)


def _read(command: Command, rest: str) -> Call | Misread:
    if command.urgent:
        return Call(command, {})
    arguments: dict[str, Argument] = {}
    trouble: Unreadable | None = None
    left = list(command.parameters)
    while left:
        before = len(left)
        for parameter in tuple(left):
            if parameter.optional and not rest.strip():
                continue
            try:
                arguments[parameter.name], rest = parameter.kind.read(rest)
            except Unreadable as unreadable:
                if not parameter.optional:
                    return Misread(command, unreadable.sentence, unreadable.facts)
                # Who can tell the facts has seen what was meant.
                trouble = unreadable if unreadable.facts else trouble or unreadable
            else:
                left.remove(parameter)
        # What may be left out may also stand in another order: 洞察 @二群 7.
        if len(left) == before or not rest.strip():
            break
    if rest.strip():
        trouble = trouble or Unreadable("后面多写了几个字")
        return Misread(command, trouble.sentence, trouble.facts)
    return Call(command, arguments)


def _read_bare(command: Command, rest: str) -> Call | Misread | None:
    """Without a slash, a fans' command must stand alone, and others must make sense.

    计划 明天去 is talk, and so is 标签 上面 写着, which names nobody with an @; 标签 @小鱼 is a
    command that lacks something, and so is 取消 alone.
    """
    if not rest.strip():
        return _read(command, "")
    if command.role is Role.FAN or command.urgent:
        return None
    if _ADDRESSED.match(rest):
        return _read(command, rest)
    if any(parameter.kind in _WITH_SLASH for parameter in command.parameters):
        return None
    read = _read(command, rest)
    return read if isinstance(read, Call) else None


REGISTRY = Registry()
"""The bot's commands; importing `handlers.commands` fills it."""

command = REGISTRY.command
