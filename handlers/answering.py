"""Where an answer goes: into the chat and topic it was asked in, or to the asker alone.

A list that is leafed through says its next page in place of the last one, where the platform can.
Whoever cannot be answered in private is told so where they asked, with a button that opens the
private chat on platforms where a person has to open it. Where many press a button at once, that
is said once in ten minutes: a vote in a group is no reason to flood it.
"""

from __future__ import annotations

from datetime import timedelta

from handlers.desk import Asked, Desk
from handlers.replies import Reply
from scheduler.answers import may_have_arrived
from scheduler.content import Button, Content, Mention
from scheduler.courier import Address, AddressGone, Done, Outcome, Unable
from storage.attempts import outcomes_under

_HINTS_APART = timedelta(minutes=10)


def place_of(asked: Asked) -> Address:
    """Where a command was given."""
    if asked.group is None:
        return Address(person=asked.member.person)
    return Address(group=asked.group.chat, topic=asked.topic)


async def carry(desk: Desk, asked: Asked, answer: Reply, key: str, *, again: bool) -> Outcome:
    """Carry an answer out; what became of it, or of the hint that stands for it.

    With `again` it may have been said before the bot ended.
    """
    sender, here = desk.senders[asked.account], place_of(asked)
    to = Address(person=asked.member.person) if answer.private else here
    if answer.replaces and asked.pressed_on is not None and to == here:
        changed = await sender.change(here, asked.pressed_on, answer.content, key)
        if not isinstance(changed, Unable):
            return changed
        # It stands too far back to be changed, or is gone: then it is said anew.
    outcome = await sender.say(to, answer.content, key, again=again)
    if isinstance(outcome, AddressGone | Unable) and to != here:
        hint = _hint(desk, asked, answer, sender.start_link)
        if answer.quiet:
            return await _hint_once(desk, asked, hint, here)
        return await sender.say(here, hint, f"{key}/hint", again=again)
    return outcome


async def _hint_once(desk: Desk, asked: Asked, hint: Content, here: Address) -> Outcome:
    """Say a hint unless one was said in the same place a short while ago; that is well, too."""
    key, since = f"hint:{here}", desk.clock.now() - _HINTS_APART
    async with desk.database.reading() as connection:
        lately = await outcomes_under(connection, [asked.account], key, since)
    if any(map(may_have_arrived, lately)):
        return Done("")
    return await desk.senders[asked.account].say(here, hint, f"{key}/{asked.key}")


def _hint(desk: Desk, asked: Asked, answer: Reply, link: str | None) -> Content:
    """How to get an answer in private; or what is said instead of it."""
    name = asked.member.name
    buttons: tuple[Button, ...] = ()
    if answer.instead:
        hint = answer.instead
    elif link is None:
        hint = desk.say("这个只能私下说：先和我私聊一句，再发一次命令。")
    else:
        hint = desk.say("这个只能私下说：点下面的按钮和我打个招呼，再发一次命令。")
        buttons = (Button(desk.say("和我私聊"), says="", link=link),)
    mentions = (Mention(asked.member.person, name),)
    return Content(f"@{name} {hint}", buttons=buttons, mentions=mentions)
