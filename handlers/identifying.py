"""Who may be whom: the managers are asked where likeness alone does not tell, and their word kept.

What is doubtful is stored where ids are compared (see `recognising.py`). `settle`, which a task of
its own calls again and again, tells the managers of it, each once; what one of them says is kept by
`rule_on`, and with a yes the two become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk, shortened
from handlers.likeness import Trait
from handlers.staff import tell_managers
from scheduler.content import Button, Content
from storage import identities
from storage.audit import Entry, note
from storage.familiar import groups_of, unseat
from storage.identities import Answer, Match
from storage.lent_wishes import lend_wishes
from storage.members import member_known_as, members_by_id
from storage.new_ids import NewId, give_ids

_NAMED = 5

WHY = {
    Trait.ALIAS: "备注名一样",
    Trait.NICKNAME: "群昵称一样",
    Trait.NAME: "名字一样",
    Trait.FRIEND: "都是好友，名字一样",
    Trait.GROUPS: "同在几个群",
    Trait.NAMESAKES: "有人重名",
    Trait.ALIAS_DIFFERS: "备注名变了",
    Trait.SHORT_NAME: "名字只有一个字",
    Trait.OTHERS_GONE: "群里还有人对不上",
    Trait.BOUND: "以前那位自己有过交代",
    Trait.GUARDED: "以前那位是管理员",
    Trait.IDS_LAST: "别人的编号都没变",
}
"""What makes a likeness as sure as it is → a key of the wording."""


async def settle(desk: Desk, account: str) -> None:
    """Ask the managers about those of an account whom nobody was asked about yet."""
    async with desk.database.reading() as connection:
        untold = await identities.undecided(connection, untold_on=account)
        content = await _question(connection, desk, untold) if untold else None
    if content is None:
        return
    if not await tell_managers(desk, content, f"identity:{account}/{untold[0].id}"):
        return  # another time
    async with desk.database.writing() as connection:
        await identities.mark_told(connection, [one.id for one in untold], desk.clock.now())


async def _question(connection: AsyncConnection, desk: Desk, untold: Sequence[Match]) -> Content:
    """Who they are: of one with buttons to answer, of several with one to the list."""
    say, first = desk.say, untold[0]
    if len(untold) == 1:
        text = say(
            "账号 {account} 重新登录后，大家的编号变了。{line}。是同一个人吗？",
            account=first.account,
            line=await in_words(connection, desk, first),
        )
        if Trait.GUARDED in first.why:
            text += say("名字谁都能改，先跟本人确认一下。")
        return Content(text, buttons=ruling_buttons(desk, first))
    names = dict.fromkeys(one.name for one in untold)
    text = say(
        "账号 {account} 重新登录后，大家的编号变了，这几位我认不准：{names}。",
        account=first.account,
        names=desk.listed(names, _NAMED),
    )
    return Content(text, buttons=(Button(say("看是谁"), "/identities"),))


async def in_words(connection: AsyncConnection, desk: Desk, match: Match) -> str:
    """Who may be whom, how surely, and why."""
    say = desk.say
    groups = await groups_of(connection, match.account, match.member_id)
    return say(
        "现在的「{now}」像以前的「{before}」（{groups}），{percent}% 的把握：{why}",
        now=shortened(match.name),
        before=shortened(match.member_name),
        groups=desk.listed(groups.values(), _NAMED) if groups else say("私聊"),
        percent=match.confidence,
        why=desk.listed(say(WHY[Trait(one)]) for one in match.why),
    )


def ruling_buttons(desk: Desk, match: Match, *, named: bool = False) -> tuple[Button, ...]:
    """To say that it is one person or not; with the number where several stand side by side."""
    number = f" {match.id}" if named else ""
    return (
        Button(f"{desk.say('是同一个人')}{number}", f"/same {match.id}"),
        Button(f"{desk.say('不是')}{number}", f"/other {match.id}"),
    )


@dataclass(frozen=True, slots=True)
class Ruled:
    """A match that a person ruled on: as it stands, and whether it was still open."""

    match: Match
    changed: bool


async def rule_on(desk: Desk, actor: str, number: int, answer: Answer) -> Ruled | None:
    """Say whether somebody is who they may be; None where there is no match with this number."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        match = await identities.match_by_id(connection, number)
        if match is None:
            return None
        if not await identities.decide(connection, match, answer, by=actor, at=now):
            return Ruled(match, changed=False)
        if answer is Answer.SAME:
            shown = await member_known_as(connection, match.platform, match.after)
            name = match.name if shown is None else shown.name
            before = (await members_by_id(connection, [match.member_id]))[match.member_id]
            given = NewId(match.member_id, match.after, name)
            await give_ids(connection, match.platform, match.account, [given], now)
            if before.person != match.before:
                # They have been found under a newer id since, and this one has ended as well.
                latest = NewId(match.member_id, before.person, before.name)
                await give_ids(connection, match.platform, match.account, [latest], now)
        elif not (
            Trait.IDS_LAST in match.why
            or await identities.is_asked_about(connection, match.member_id)
        ):
            # Nobody is left who may be them, and the id they had is nobody's any more.
            seats = await groups_of(connection, match.account, match.member_id)
            await unseat(connection, seats, [match.member_id], now)
        await lend_wishes(connection)
        deed = "same_person" if answer is Answer.SAME else "other_person"
        details = {"platform": match.platform, "before": match.before}
        await note(connection, Entry(now, actor, deed, match.after, details))
    return Ruled(match, changed=True)
