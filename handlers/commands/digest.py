"""The weekly digest on demand."""

from __future__ import annotations

from handlers.desk import Asked, Desk
from handlers.digest import digest_of, picture_of, week_before
from handlers.insight_arguments import PeriodWords
from handlers.narrative import narrate
from handlers.period import today
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from scheduler.content import Button, Content
from storage.groups import all_groups


@command("digest", "周报", Role.MANAGER, "看上周的周报，每周一早上也会自动发", "/digest 上周")
async def digest(desk: Desk, asked: Asked, period: PeriodWords | None = None) -> Replies:  # noqa: ARG001 (every command is given what was asked)
    """What fans said, what changed and what spiked, over the whole shop; by default last week."""
    day = today(desk)
    wanted = week_before(day) if period is None else period.meant(day)
    async with desk.database.reading() as connection:
        groups = await all_groups(connection, desk.shop_id)
    found = await digest_of(desk, groups, wanted)
    if found is None:
        yield reply(
            desk.say(
                "{first:%m-%d} 至 {last:%m-%d} 没有人说话，没有周报。",
                first=wanted.first,
                last=wanted.last,
            ),
            Button(desk.say("看本周"), desk.say("/digest 本周")),
            private=True,
        )
        return
    yield Reply(found.content, private=True)
    picture = await picture_of(desk, found)
    if picture is not None:
        yield Reply(Content("", pictures=(picture,)), private=True)
    narrative = await narrate(desk, found.found)
    if narrative is not None:
        yield reply(narrative, private=True)
