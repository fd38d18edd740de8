"""Who is who among the fans: who recommends, answers and criticises, and what many care about."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from handlers.arguments import Groups
from handlers.desk import Asked, Desk
from handlers.inquiry import Inquiry, inquire, notes_on
from handlers.insight_arguments import PeriodWords
from handlers.people_found import LOOKED_AT, STANDINGS, facts_of, people_in
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.report_words import listed_groups
from handlers.roles import Role
from handlers.taggers import SILENT
from insights.people import OFTEN, Person, Standing
from storage.members import members_by_id
from storage.tags import tag_counts

_PATIENCE = 2.0  # seconds that a manager waits without a word
_SHOWN = 5  # people of a kind, and interests
_DID: Mapping[Standing, str] = {
    Standing.ADVOCATE: "{name}（推荐 {count} 次）",
    Standing.HELPER: "{name}（回答 {count} 次）",
    Standing.CRITIC: "{name}（{count} 次不满意）",
}


@command(
    "people",
    "达人",
    Role.MANAGER,
    "看谁在安利、谁在帮忙、谁爱提意见，大家都关心什么",
    "/people 30",
)
async def people(
    desk: Desk,
    asked: Asked,
    period: PeriodWords | None = None,
    groups: Groups | None = None,
) -> Replies:
    """Who plays which part in a period, by default the last 30 days, and what fans care about."""
    words = period or PeriodWords.days(LOOKED_AT)
    inquiry = await inquire(desk, asked, words, groups)
    if isinstance(inquiry, Reply):
        yield inquiry
        return
    finding = asyncio.create_task(people_in(desk, inquiry.group_ids, inquiry.period))
    try:
        done, _ = await asyncio.wait({finding}, timeout=_PATIENCE)
        if not done:
            yield reply(
                desk.say("这些天的聊天要从头读一遍，稍等一会儿，读完就发给你。"), private=True
            )
        found, interests = await finding
    finally:
        finding.cancel()
    async with desk.database.reading() as connection:
        carried = dict(await tag_counts(connection, desk.clock.now()))
    lines = [
        _title(desk, inquiry),
        *await notes_on(desk, inquiry),
        *await _standings(desk, found),
        *_interests(desk, interests),
    ]
    silent = desk.say(SILENT)
    if count := carried.get(silent):
        lines.append(
            desk.say("{tag}：{count} 位，发 /members {tag} 看是谁", tag=silent, count=count)
        )
    advocates = desk.say("标签:{tag}", tag=desk.say(STANDINGS[Standing.ADVOCATE]))
    lines.append(
        desk.say(
            "标签每晚自动更新。想私下谢谢他们，写：{example} 和要说的话",
            example=f"/broadcast @{advocates}",
        )
    )
    yield reply("\n".join(lines), private=True)


def _title(desk: Desk, inquiry: Inquiry) -> str:
    return desk.say(
        "群里的人（{first:%m-%d} 至 {last:%m-%d}，{groups}）",
        first=inquiry.period.first,
        last=inquiry.period.last,
        groups=listed_groups(desk.say, inquiry.group_names),
    )


async def _standings(desk: Desk, found: Sequence[Person]) -> list[str]:
    """A line for each part that is played, those who played it most first."""
    say, lines = desk.say, []
    for standing, called in STANDINGS.items():
        playing = [one for one in found if standing in one.standings]
        playing.sort(key=lambda one: (-facts_of(one)[standing], one.member))
        shown = playing[:_SHOWN]
        async with desk.database.reading() as connection:
            known = await members_by_id(connection, [one.member for one in shown])
        who = [
            say(_DID[standing], name=known[one.member].name, count=facts_of(one)[standing])
            for one in shown
            if one.member in known
        ]
        if len(playing) > len(shown):
            who.append(say("等 {count} 位", count=len(playing)))
        count = len(playing)
        listed = say("、").join(who)
        lines.append(
            say("{kind} {count} 位：{who}", kind=say(called), count=count, who=listed)
            if who
            else say("{kind}：还没有", kind=say(called))
        )
    return lines


def _interests(desk: Desk, interests: Mapping[int, Mapping[str, int]]) -> list[str]:
    """What most fans speak of again and again; reports and `/concerned` count who did once."""
    counted = Counter(thing for things in interests.values() for thing in things)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]
    if not ordered:
        return []
    what = (desk.say("{thing} {count} 位", thing=thing, count=count) for thing, count in ordered)
    things = desk.say("、").join(what)
    return [desk.say("反复说起的（每人 {often} 条以上）：{things}", often=OFTEN, things=things)]
