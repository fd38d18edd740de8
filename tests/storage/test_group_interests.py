"""What the fans of a group carry, each customer once."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.group_interests import Interests, interests_in
from storage.seats import leave
from storage.tags import Tag, set_tags
from tests.storage.builders import DAY, HOUR, NOW, group, member


async def test_each_group_has_the_tags_of_those_who_sit_in_it(connection: AsyncConnection) -> None:
    one, two, empty = [await group(connection, name) for name in ("一群", "二群", "三群")]
    fish = await member(connection, "小鱼", *(one, two))
    bird = await member(connection, "小鸟", one)
    gone = await member(connection, "小虫", one)
    staff = await member(connection, "阿玲", one, staff=True)
    await leave(connection, one.id, gone.id, NOW)
    await set_tags(
        connection,
        [
            Tag(who.id, "关心:面霜", "rule:interest", "3", NOW, NOW + DAY)
            for who in (fish, bird, gone, staff)
        ]
        + [Tag(bird.id, "老客", "manager:阿玲", "", NOW, NOW + HOUR)],
    )
    groups = [one.id, two.id, empty.id]
    found = await interests_in(connection, groups, NOW)
    assert found == {
        one.id: Interests(2, {"关心:面霜": 2, "老客": 1}),
        two.id: Interests(1, {"关心:面霜": 1}),
    }
    later = await interests_in(connection, groups, NOW + HOUR)
    assert later[one.id] == Interests(2, {"关心:面霜": 2})
