"""What fans are found to be, and to care about, becomes tags, once a night.

Who recommends, who answers and who criticises is found over the last month, and so is what
somebody speaks of again and again (see `insights/people.py`). The tags are in words that a fan may
read of themselves: `/me` shows them. They end by themselves when it is so no longer. A manager's
tag is never touched; who asked for no record, or for no marketing, is given none; and nothing that
touches health, pregnancy or children is ever one. Who says nothing is told by `taggers`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from handlers.deeds_read import deeds_in
from handlers.desk import Desk
from handlers.period import Period, today
from handlers.periods_read import understood
from handlers.settings import ShopSettings
from handlers.taggers import is_private_matter
from handlers.wording import Say
from insights.people import Person, Standing, find_interests, find_people
from storage.groups import heard_groups
from storage.members import recorded_among
from storage.tags import BY_RULE, Tag, set_tags

LOOKED_AT = 30  # days
_STANDS_FOR = timedelta(days=7)  # a bot that is off for some nights takes nobody's standing away
_AT_ONCE = 1_000  # members in one transaction
_LONGEST_TAG = 30  # characters, as tags that are written by hand
_DAY = timedelta(days=1)

STANDINGS: Mapping[Standing, str] = {
    Standing.ADVOCATE: "安利官",
    Standing.HELPER: "热心人",
    Standing.CRITIC: "爱提意见",
}
"""What each standing is called; who is silent has a tag already."""


def facts_of(person: Person) -> Mapping[Standing, int]:
    """How often somebody did what each standing rests on."""
    return {
        Standing.ADVOCATE: person.recommended,
        Standing.HELPER: person.answered,
        Standing.CRITIC: person.dislikes,
    }


def standing_tags(people: Iterable[Person], now: datetime, say: Say) -> list[Tag]:
    """The tags of those who play a part."""
    return [
        Tag(
            member_id=person.member,
            tag=say(STANDINGS[standing]),
            set_by=f"{BY_RULE}{standing.value}",
            why=str(count),
            set_at=now,
            until=now + _STANDS_FOR,
        )
        for person in people
        for standing, count in facts_of(person).items()
        if standing in person.standings
    ]


def interest_tags(
    interests: Mapping[int, Mapping[str, int]], now: datetime, shop: ShopSettings, say: Say
) -> list[Tag]:
    """The tags of what members speak of again and again."""
    return [
        Tag(
            member_id=member,
            tag=say("关心:{thing}", thing=thing)[:_LONGEST_TAG],
            set_by=f"{BY_RULE}interest",
            why=str(count),
            set_at=now,
            until=now + shop.interest_for,
        )
        for member, things in interests.items()
        for thing, count in things.items()
    ]


async def people_in(
    desk: Desk, group_ids: Sequence[int], period: Period
) -> tuple[tuple[Person, ...], Mapping[int, Mapping[str, int]]]:
    """Who plays a part in these groups in a period, and who is interested in what."""
    said = await understood(desk, group_ids, period)
    deeds = await deeds_in(desk, group_ids, period)

    def found() -> tuple[tuple[Person, ...], Mapping[int, Mapping[str, int]]]:
        return (
            find_people(said, deeds, said.messages.keys(), is_private_matter),
            find_interests(said, desk.lexicon, is_private_matter),
        )

    return await asyncio.to_thread(found)


async def tag_people(desk: Desk) -> None:
    """Once a day: tag who advocates, helps and criticises, and what everybody cares about."""
    now = desk.clock.now()
    period = Period.ending(today(desk) - _DAY, LOOKED_AT)
    async with desk.database.reading() as connection:
        groups = await heard_groups(connection, desk.shop_id)
    people, interests = await people_in(desk, [group.id for group in groups], period)
    wanted: defaultdict[int, list[Tag]] = defaultdict(list)
    for tag in (
        *standing_tags(people, now, desk.say),
        *interest_tags(interests, now, desk.shop, desk.say),
    ):
        wanted[tag.member_id].append(tag)
    ids = sorted(wanted)
    for start in range(0, len(ids), _AT_ONCE):
        await _tag(desk, {one: wanted[one] for one in ids[start : start + _AT_ONCE]})


async def _tag(desk: Desk, wanted: Mapping[int, Sequence[Tag]]) -> None:
    """Set the tags of those of some members who may be remembered and have not opted out."""
    async with desk.database.writing() as connection:
        fans = await recorded_among(connection, wanted.keys(), hold=True)
        given = [tag for one, opted_out in fans.items() if not opted_out for tag in wanted[one]]
        await set_tags(connection, given)
