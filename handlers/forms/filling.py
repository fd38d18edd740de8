"""The guided form: from one step to the next, by chat with a manager.

`fill` takes what was said, moves the form, keeps it, and asks the next question; once everything
is answered it shows the same preview as a command would, with the same yes and no below it. A
form put aside, or cut off by a restart, goes on where it stood. What was said twice because of a
crash moves it once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from handlers.arguments import Unreadable
from handlers.desk import Asked, Desk
from handlers.forms.answers import Filling, Wrong
from handlers.forms.choices import Choice
from handlers.forms.draft import Draft, draft_of, keep_draft, withdraw
from handlers.forms.ending import Ended, end_of
from handlers.forms.moves import Move, move_of
from handlers.forms.steps import PREVIEW, Step, flow_of, next_open
from handlers.proposals import propose
from handlers.replies import Replies, Reply, reply
from scheduler.content import Button, Content
from storage import forms

_NUMBER = re.compile(r"[#＃]?(\d{1,2})[.、号]?")
_SAYS = "/campaign"


async def fill(desk: Desk, asked: Asked, said: str | None, *, step: str | None = None) -> Replies:
    """Go on with the asker's form, or begin one, and ask what is to be asked next.

    Args:
        desk: the shop's desk.
        asked: who says it, and with which pictures.
        said: an answer, or a move such as 返回; None to see where the form stands.
        step: the step that it answers, by its name; None: the one at which the form stands.
    """
    async with desk.database.reading() as connection:
        draft = await draft_of(connection, asked)
    move = move_of(said) if said is not None and step is None else None
    if draft is None and (step is not None or move is not None):
        yield reply(
            desk.say("没有在填的活动。要新建一个，发 /campaign。"),
            Button(desk.say("新活动"), _SAYS),
            private=True,
        )
        return
    if draft is not None and move in (Move.LEAVE, Move.DROP):
        # Said first, then done: whatever is said again after a crash is still true.
        yield _farewell(desk, move)
        await _let_go(desk, asked, draft, move)
        return
    for answer in await _answered(desk, asked, draft, said, step=step, move=move):
        yield answer


async def _answered(
    desk: Desk,
    asked: Asked,
    draft: Draft | None,
    said: str | None,
    *,
    step: str | None,
    move: Move | None,
) -> Sequence[Reply]:
    """Where the form stands after what was said, and what was wrong about it."""
    opening = ""
    if draft is None:
        draft = Draft()
        opening = desk.say(
            "一步一步来：点按钮、回数字、直接写都行。随时可以说「返回」「先放着」「不做了」。"
        )
    elif draft.moved_by == asked.key:
        return await _shown(desk, asked, draft)
    elif said is None:
        opening = desk.say("接着填上次的活动。想重新填，就说「从头来」。")
    if said is None:
        return await _shown(desk, asked, replace(draft, moved_by=asked.key), opening)
    filling = Filling(desk, asked, draft.given)
    try:
        moved = _gone(filling, draft, move) if move else await _read(filling, draft, said, step)
    except Wrong as wrong:
        return await _shown(desk, asked, draft, wrong.sentence)
    return await _shown(desk, asked, replace(moved, moved_by=asked.key))


def _gone(filling: Filling, draft: Draft, move: Move) -> Draft:
    """The draft after a move.

    Raises:
        Wrong: there is no way to go there.
    """
    flow = flow_of(draft.given)
    names = [one.name for one in flow]
    place = len(flow) if draft.step == PREVIEW else names.index(draft.step)
    match move:
        case Move.BACK if place == 0:
            raise Wrong(filling.say("这已经是第一步了。"))
        case Move.BACK:
            return replace(draft, step=names[place - 1])
        case Move.SKIP if place < len(flow) and not flow[place].may_be_skipped:
            raise Wrong(filling.say("这一步不能跳过。"))
        case Move.SKIP if place < len(flow):
            given = {**draft.given, draft.step: None}
            return replace(draft, given=given, step=next_open(given))
        case Move.RESTART:
            return Draft(proposal=draft.proposal)
    return replace(draft, step=next_open(draft.given))


async def _read(filling: Filling, draft: Draft, said: str, name: str | None) -> Draft:
    """The draft after an answer.

    Raises:
        Wrong: the answer cannot be read.
    """
    flow = {one.name: one for one in flow_of(draft.given)}
    step = flow.get(name or draft.step)
    if step is None or (name not in (None, draft.step) and name not in draft.given):
        return draft  # a button of another form, or of a step to come
    number = _NUMBER.fullmatch(said.strip())
    if number and name is None and 1 <= int(number[1]) <= len(draft.offered):
        said = draft.offered[int(number[1]) - 1]
    try:
        read = await step.read(filling, said)
    except Unreadable as unreadable:
        raise Wrong(_corrected(filling, step, unreadable)) from unreadable
    given = {**draft.given, **read}
    return replace(draft, given=given, step=next_open(given))


def _corrected(filling: Filling, step: Step, unreadable: Unreadable) -> str:
    say = filling.say
    trouble = say(unreadable.sentence, **unreadable.facts)
    example = _example(filling, step)
    return say("{trouble}。可以这样写：{example}", trouble=trouble, example=example)


def _example(filling: Filling, step: Step) -> str:
    return filling.say(step.example, days="{{ days }}")


async def _shown(desk: Desk, asked: Asked, draft: Draft, opening: str = "") -> Sequence[Reply]:
    """The next question, or the preview where none is left; the draft is kept as it is shown."""
    filling = Filling(desk, asked, draft.given)
    if draft.step == PREVIEW:
        end = await end_of(filling)
        if isinstance(end, Ended):
            return await _previewed(desk, asked, draft, end)
        draft, opening = replace(draft, step=end.step), end.sentence
    step = next(one for one in flow_of(draft.given) if one.name == draft.step)
    offered = await step.choices(filling)
    async with desk.database.writing() as connection:
        await withdraw(connection, desk, asked, draft)
        draft = replace(draft, offered=tuple(one.answer for one in offered), proposal=None)
        await keep_draft(connection, desk, asked, draft)
    return [_question(filling, step, offered, opening)]


async def _previewed(desk: Desk, asked: Asked, draft: Draft, end: Ended) -> Sequence[Reply]:
    """The preview as every command shows it, with a way back to the form."""
    preview = await propose(desk, asked, end.chosen, end.proposal)
    draft = replace(draft, offered=(), proposal=end.proposal.key)
    async with desk.database.writing() as connection:
        await keep_draft(connection, desk, asked, draft)
    content = preview.content
    back = Button(desk.say("改一改"), f"{_SAYS} {Move.BACK}")
    shown = replace(preview, content=replace(content, buttons=(*content.buttons, back)))
    if not end.pictures:
        return [shown]
    pictures = Content(desk.say("配的图："), pictures=end.pictures)
    return [Reply(pictures, private=True), shown]


def _question(filling: Filling, step: Step, offered: Sequence[Choice], opening: str) -> Reply:
    """One step as a message: how far the form is, the question, and what may be said."""
    say, given = filling.say, filling.answers
    flow = flow_of(given)
    place = flow.index(step)
    title = say("新活动")
    if len(flow) > 1:
        title = say("新活动（{place}/{count}）", place=place + 1, count=len(flow))
    so_far = [
        one.shown(filling, given[one.name]) for one in flow if one.name in given and one != step
    ]
    lines = [opening] if opening else []
    lines += [" · ".join((title, *so_far)), say(step.question)]
    if step.name in given:
        lines.append(say("现在是：{answer}", answer=step.shown(filling, given[step.name])))
    lines += [f"{number}. {one.label}" for number, one in enumerate(offered, 1)]
    example = _example(filling, step)
    if example not in opening:
        lines.append(say("例如：{example}", example=example))
    choices = [Button(one.label, f"{_SAYS} {step.name} {one.answer}") for one in offered]
    moves = {
        Move.BACK: "返回" if place else None,
        Move.SKIP: "跳过" if step.may_be_skipped else None,
        Move.KEEP: "不改" if step.name in given else None,
        Move.LEAVE: "先放着",
        Move.DROP: "不做了",
    }
    ways = [Button(say(label), f"{_SAYS} {move}") for move, label in moves.items() if label]
    return reply("\n".join(lines), *choices, *ways, private=True, replaces=True)


def _farewell(desk: Desk, move: Move) -> Reply:
    if move is Move.DROP:
        return reply(desk.say("好的，这个活动不做了，什么都没发。"), private=True)
    return reply(
        desk.say("好的，先放着。填好的都留着，想接着填就发 /campaign。"),
        Button(desk.say("接着填"), _SAYS),
        private=True,
    )


async def _let_go(desk: Desk, asked: Asked, draft: Draft, move: Move) -> None:
    """Put the form aside or throw it away; a preview that it shows is for neither."""
    async with desk.database.writing() as connection:
        await withdraw(connection, desk, asked, draft)
        if move is Move.DROP:
            await forms.drop(connection, asked.member.id)
        else:
            await keep_draft(connection, desk, asked, replace(draft, proposal=None), aside=True)
