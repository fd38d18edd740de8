"""Where an answer goes: into the chat and topic it was asked in, or to the asker alone.

A list that is leafed through says its next page in place of the last one, where the platform can.
Whoever cannot be answered in private is told so where they asked, with a button that opens the
private chat on platforms where a person has to open it.
"""

from __future__ import annotations

from handlers.desk import Asked, Desk
from handlers.replies import Reply
from scheduler.content import Button, Content, Mention
from scheduler.courier import Address, AddressGone, Outcome, Unable


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
        return await sender.say(here, hint, f"{key}/hint", again=again)
    return outcome


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
