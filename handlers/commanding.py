"""One command from its words to its answer.

The text is read by the registry with the asker's role, run, and answered; whatever happens, the
command is finished in storage afterwards, so that it is neither lost nor run again. A command
that a crash left unfinished runs at the next start if it is young, and is else answered with
"not run, say it again".
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter

from handlers.answering import carry
from handlers.desk import Asked, Desk
from handlers.forms.filling import fill
from handlers.forms.listening import listens
from handlers.registry import Call, Command, Misread, Registry, Unknown
from handlers.replies import Reply, reply
from handlers.roles import Role, role_of
from scheduler.content import Button
from scheduler.courier import Done, NothingSent
from storage.errors import LaneLost, NuanqunError
from storage.groups import Group
from storage.members import Member
from storage.messages import finish_command

_log = structlog.get_logger(__name__)

_COMMANDS = Counter("nuanqun_commands_total", "Commands by how they ended", ["outcome"])

STALE_AFTER = timedelta(seconds=60)
"""A command older than this when it is found unfinished is not run any more."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it was given and stored."""

    message_id: int
    message: str
    account: str
    member: Member
    group: Group | None
    at: datetime
    text: str
    topic: str | None = None  # the forum topic it was given in
    pressed_on: str | None = None  # of a button: the message it stands below
    pictures: tuple[str, ...] = ()  # the sources of those that came with it
    late: bool = False  # given before this start
    begun: bool = False  # stored before this start: it may have been carried out in part


class Commander:
    """Runs commands, one at a time for each call of `obey`."""

    def __init__(self, desk: Desk, registry: Registry) -> None:
        self._desk = desk
        self._registry = registry

    def is_command(self, text: str, role: Role) -> bool:
        """Whether a text, said by somebody in this role, asks the bot to do something."""
        return self._registry.parse(text, role) is not None

    def is_urgent(self, order: Order) -> bool:
        """Whether a command must wait for no other (急停)."""
        read = self._registry.parse(order.text, role_of(order.member, self._desk.shop))
        return isinstance(read, Call) and read.command.urgent

    async def obey(self, order: Order) -> None:
        """Run a command and answer it."""
        asked = Asked(
            key=f"{order.account}/{order.message}",
            account=order.account,
            member=order.member,
            role=role_of(order.member, self._desk.shop),
            group=order.group,
            at=order.at,
            topic=order.topic,
            pressed_on=order.pressed_on,
            pictures=order.pictures,
        )
        number = 0
        said = True
        among_staff = self._is_among_staff(order, asked)
        async for answer in self._answers(order, asked):
            key = f"reply:{asked.key}/{number}"
            fitting = replace(answer, private=False) if among_staff else answer
            outcome = await carry(self._desk, asked, fitting, key, again=order.late)
            if not isinstance(outcome, Done):
                _log.warning("answer_lost", key=key, outcome=repr(outcome))
            said &= not isinstance(outcome, NothingSent)
            number += 1
        if not said:
            return  # whoever holds the account's lane next answers, or this process after a restart
        async with self._desk.database.writing() as connection:
            await finish_command(connection, order.message_id)

    def _is_among_staff(self, order: Order, asked: Asked) -> bool:
        """Whether an answer to managers may be said where it was asked: in a chat of the staff's.

        What anybody may ask is about the asker, and stays between the two.
        """
        if asked.group is None or not asked.group.is_staff:
            return False
        read = self._registry.parse(order.text, asked.role)
        return not (isinstance(read, Call) and read.command.role is Role.FAN)

    async def _answers(self, order: Order, asked: Asked) -> AsyncIterator[Reply]:
        """What the command says; its failure is an answer too."""
        if order.late and self._desk.clock.now() - order.at > STALE_AFTER:
            _COMMANDS.labels("stale").inc()
            sentence = (
                "我刚才断开过，「{text}」可能没有做完。请先看一眼，还需要的话再说一次。"
                if order.begun
                else "我刚才不在，「{text}」没有执行。还需要的话请再说一次。"
            )
            yield reply(self._desk.say(sentence, text=order.text[:40]), private=True)
            return
        outcome = "failed"
        try:
            async for answer in self._run(order.text, asked):
                yield answer
            outcome = "done"
        except LaneLost:
            raise
        except NuanqunError as trouble:
            _log.error("command", text=order.text[:80], number=trouble.number, exc_info=True)
            yield self._sorry(trouble.number)
        except Exception:  # noqa: BLE001 (one command's fault is logged, counted and answered)
            _log.exception("command", text=order.text[:80])
            yield self._sorry(400)
        finally:
            _COMMANDS.labels(outcome).inc()

    def _sorry(self, number: int) -> Reply:
        text = self._desk.say("抱歉，这次没办成（NQ{number}），我已经记下来了。", number=number)
        return reply(text, private=True)

    async def _run(self, text: str, asked: Asked) -> AsyncIterator[Reply]:
        if not self._registry.insists(text, asked.role) and await self._fills_in(asked, text):
            async for answer in fill(self._desk, asked, text):
                yield answer
            return
        match self._registry.parse(text, asked.role):
            case Call(command, arguments):
                async for answer in command.run(self._desk, asked, **arguments):
                    yield answer
            case Misread() as misread:
                yield self._correct(misread)
            case Unknown(name, nearest):
                yield self._unknown(name, nearest)
            case None:
                # A button that says nothing the presser may ask for.
                return

    async def _fills_in(self, asked: Asked, text: str) -> bool:
        async with self._desk.database.reading() as connection:
            return await listens(connection, asked, text)

    def _correct(self, misread: Misread) -> Reply:
        say, command = self._desk.say, misread.command
        return reply(
            say(
                "{trouble}。可以这样写：{example}",
                trouble=say(misread.sentence, **misread.facts),
                example=say(command.example),
            ),
            private=command.role is Role.MANAGER,
        )

    def _unknown(self, name: str, nearest: Command | None) -> Reply:
        say = self._desk.say
        if nearest is None:
            return reply(say("我还不会「/{name}」。发 /help 看看我会什么。", name=name[:20]))
        return reply(
            say(
                "我还不会「/{name}」。是不是想说：{example}",
                name=name[:20],
                example=say(nearest.example),
            ),
            Button(say("看帮助"), f"/help {nearest.name}"),
            private=nearest.role is Role.MANAGER,
        )
