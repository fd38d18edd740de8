"""The guided form as commands: open it or go on with it, and put it aside.

Buttons say `/campaign STEP ANSWER`, so that one pressed late still answers its own question.
"""

from __future__ import annotations

from handlers.arguments import FormAnswer
from handlers.desk import Asked, Desk
from handlers.forms.filling import fill
from handlers.forms.moves import Move
from handlers.forms.steps import step_names
from handlers.registry import command
from handlers.replies import Replies
from handlers.roles import Role


@command("campaign", "新活动", Role.MANAGER, "一步一步填一个新活动，或接着填", "/campaign")
async def campaign(desk: Desk, asked: Asked, answer: FormAnswer | None = None) -> Replies:
    """Begin the guided form, go on with it, or answer one of its steps."""
    said, step = None if answer is None else answer.text, None
    match (said or "").split(maxsplit=1):
        case [name, rest] if name in step_names():
            step, said = name, rest
    async for one in fill(desk, asked, said, step=step):
        yield one


@command("leave", "先放着", Role.MANAGER, "把填到一半的活动先放着", "/leave")
async def leave(desk: Desk, asked: Asked) -> Replies:
    """Put the guided form aside; `/campaign` goes on with it."""
    async for one in fill(desk, asked, Move.LEAVE):
        yield one
