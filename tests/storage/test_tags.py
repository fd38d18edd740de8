"""Tags tell who set them and why; a manager's tag is safe from every rule."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import tags
from storage.segments import Segment, members_in
from storage.tables import members as people
from storage.tags import Activity, Tag
from tests.storage.builders import DAY, HOUR, MINUTE, NOW, heard, member, record, shop

BY_HAND = "manager:阿玲"
BY_RULE = "rule:watch"


def tag(
    member_id: int, name: str = "老客", by: str = BY_HAND, until: datetime | None = None
) -> Tag:
    return Tag(member_id, name, by, f"because {by}", NOW, until)


async def carried(connection: AsyncConnection, member_id: int) -> list[tuple[str, str]]:
    return [(one.tag, one.set_by) for one in await tags.tags_of(connection, member_id, NOW)]


async def test_a_tag_tells_who_set_it_why_when_and_until_when(connection: AsyncConnection) -> None:
    fan = await member(connection, "小美")
    wanted = tag(fan.id, until=NOW + DAY)
    await tags.set_tags(connection, [wanted])
    await tags.set_tags(connection, [])
    assert await tags.tags_of(connection, fan.id, NOW) == [wanted]


@pytest.mark.parametrize(
    ("standing", "coming", "stays"),
    [
        (BY_RULE, BY_RULE, BY_RULE),
        (BY_RULE, BY_HAND, BY_HAND),
        (BY_HAND, "manager:小陈", "manager:小陈"),
        (BY_HAND, BY_RULE, BY_HAND),
    ],
)
async def test_a_rule_never_overwrites_a_managers_tag(
    connection: AsyncConnection, standing: str, coming: str, stays: str
) -> None:
    fan = await member(connection, "小美")
    await tags.set_tags(connection, [tag(fan.id, by=standing)])
    await tags.set_tags(connection, [tag(fan.id, by=coming, until=NOW + DAY)])
    (found,) = await tags.tags_of(connection, fan.id, NOW)
    assert found.set_by == stays
    assert found.why == f"because {stays}"
    assert (found.until == NOW + DAY) is (stays == coming)


@pytest.mark.parametrize(
    ("coming", "age", "renewed"),
    [
        (BY_RULE, DAY, False),
        (BY_RULE, 0 * DAY, True),
        (BY_RULE, -DAY, True),
        (BY_HAND, DAY, True),
    ],
)
async def test_something_older_never_shortens_what_a_rule_set_later(
    connection: AsyncConnection,
    coming: str,
    age: timedelta,
    renewed: bool,  # noqa: FBT001 (a table's column)
) -> None:
    fan = await member(connection, "小美")
    standing = Tag(fan.id, "兴趣", BY_RULE, "补水", NOW, NOW + 30 * DAY)
    came = Tag(fan.id, "兴趣", coming, "保湿", NOW - age, NOW - age + 30 * DAY)
    await tags.set_tags(connection, [standing])
    await tags.set_tags(connection, [came])
    assert await tags.tags_of(connection, fan.id, NOW) == [came if renewed else standing]


async def test_a_rule_takes_away_only_what_a_rule_had_set(connection: AsyncConnection) -> None:
    fan, other = await member(connection, "小美"), await member(connection, "阿云")
    await tags.set_tags(
        connection,
        [tag(fan.id, "老客"), tag(fan.id, "沉默", BY_RULE), tag(other.id, "沉默", BY_RULE)],
    )
    pairs = [(fan.id, "老客"), (fan.id, "沉默"), (fan.id, "没有"), (fan.id, "沉默")]
    await tags.remove_rule_tags(connection, pairs)
    await tags.remove_rule_tags(connection, [])
    assert await carried(connection, fan.id) == [("老客", BY_HAND)]
    assert await carried(connection, other.id) == [("沉默", BY_RULE)]


async def test_what_rules_have_set_on_a_customer_can_be_forgotten(
    connection: AsyncConnection,
) -> None:
    fan, other = await member(connection, "小美"), await member(connection, "阿云")
    await tags.set_tags(
        connection,
        [tag(fan.id, "老客"), tag(fan.id, "兴趣", BY_RULE), tag(other.id, "兴趣", BY_RULE)],
    )
    await tags.forget_rule_tags(connection, fan.customer_id)
    assert await carried(connection, fan.id) == [("老客", BY_HAND)]
    assert await carried(connection, other.id) == [("兴趣", BY_RULE)]


async def test_a_rule_can_go_through_every_member_at_once(connection: AsyncConnection) -> None:
    fan = await member(connection, "小美")
    await tags.set_tags(connection, [tag(fan.id, "沉默", BY_RULE)])
    await tags.remove_rule_tags(connection, [(fan.id + number, "沉默") for number in range(20_000)])
    assert await carried(connection, fan.id) == []


@pytest.mark.parametrize("by", [BY_HAND, BY_RULE])
async def test_a_manager_takes_any_tag_away(connection: AsyncConnection, by: str) -> None:
    fan = await member(connection, "小美")
    await tags.set_tags(connection, [tag(fan.id, by=by)])
    assert await tags.remove_tag(connection, fan.id, "老客")
    assert not await tags.remove_tag(connection, fan.id, "老客")
    assert await carried(connection, fan.id) == []


async def test_the_newest_tags_come_first(connection: AsyncConnection) -> None:
    fan = await member(connection, "小美")
    ages = {"旧": DAY, "新": MINUTE, "中": HOUR}
    await tags.set_tags(
        connection,
        [Tag(fan.id, name, BY_HAND, "", NOW - age) for name, age in ages.items()],
    )
    assert [name for name, _ in await carried(connection, fan.id)] == ["新", "中", "旧"]


@pytest.mark.parametrize(
    ("until", "valid"), [(None, True), (NOW + MINUTE, True), (NOW, False), (NOW - DAY, False)]
)
async def test_a_tag_is_valid_until_its_time_is_over(
    connection: AsyncConnection,
    until: datetime | None,
    valid: bool,  # noqa: FBT001 (a table's column)
) -> None:
    fan = await member(connection, "小美")
    await tags.set_tags(connection, [tag(fan.id, until=until)])
    expected = 1 if valid else 0
    assert len(await tags.tags_of(connection, fan.id, NOW)) == expected
    assert len(await tags.tag_counts(connection, NOW)) == expected
    assert len(await tags.members_tagged(connection, "老客", NOW)) == expected
    assert await tags.delete_expired(connection, NOW) == 1 - expected
    assert await tags.remove_tag(connection, fan.id, "老客") is valid


async def test_tags_are_counted_by_their_carriers_the_most_frequent_first(
    connection: AsyncConnection,
) -> None:
    fans = [await member(connection, name) for name in ("小美", "阿云", "圆圆")]
    await tags.set_tags(
        connection,
        [*(tag(fan.id, "兴趣:补水") for fan in fans), tag(fans[0].id, "a"), tag(fans[0].id, "b")],
    )
    assert await tags.tag_counts(connection, NOW) == [("兴趣:补水", 3), ("a", 1), ("b", 1)]
    assert await tags.members_tagged(connection, "a", NOW) == ["小美"]
    assert len(await tags.members_tagged(connection, "兴趣:补水", NOW)) == 3
    assert await tags.members_tagged(connection, "兴趣", NOW) == []


async def test_a_watched_word_is_bound_to_one_tag_at_a_time(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    await tags.set_watch(connection, shop_id, "补水", "兴趣:补水", set_by=BY_HAND, at=NOW)
    await tags.set_watch(connection, shop_id, "敏感", "兴趣:敏感肌", set_by=BY_HAND, at=NOW)
    await tags.set_watch(connection, shop_id, "补水", "兴趣:保湿", set_by=BY_HAND, at=NOW)
    assert await tags.all_watches(connection, shop_id) == {
        "补水": "兴趣:保湿",
        "敏感": "兴趣:敏感肌",
    }
    assert await tags.remove_watch(connection, shop_id, "补水")
    assert not await tags.remove_watch(connection, shop_id, "补水")
    assert await tags.all_watches(connection, shop_id) == {"敏感": "兴趣:敏感肌"}


async def test_activity_counts_fans_own_words_since_a_moment(connection: AsyncConnection) -> None:
    loud, old, silent = [await member(connection, name) for name in ("小美", "阿云", "圆圆")]
    boss = await member(connection, "店长", staff=True)
    await record(
        connection,
        heard("m1", at=NOW),
        heard("m2", at=NOW - HOUR),
        heard("m3", at=NOW - 3 * DAY),
        heard("m4", at=NOW + MINUTE, kind="command"),
        heard("m5", at=NOW - 9 * DAY, sender="阿云"),
    )
    expected = [
        Activity(loud.id, NOW, 2, NOW),
        Activity(old.id, NOW, 0, NOW - 9 * DAY),
        Activity(silent.id, NOW, 0, None),
    ]
    everybody = range(loud.id, boss.id + 1)
    assert await tags.activity(connection, NOW - HOUR, everybody) == expected
    assert await tags.activity(connection, NOW - HOUR, [old.id]) == [expected[1]]
    assert await tags.activity(connection, NOW - HOUR, []) == []


async def test_what_stands_of_some_tags_tells_who_set_them(connection: AsyncConnection) -> None:
    fan, other = await member(connection, "小美"), await member(connection, "阿云")
    await tags.set_tags(
        connection, [tag(fan.id, "沉默", BY_RULE), tag(other.id, "沉默"), tag(fan.id, "老客")]
    )
    found = await tags.standing(connection, [fan.id, other.id], ["沉默", "活跃"])
    assert found == {(fan.id, "沉默"): BY_RULE, (other.id, "沉默"): BY_HAND}


async def test_a_segment_holds_every_member_of_a_customer_who_carries_the_tag(
    connection: AsyncConnection,
) -> None:
    fish, other = await member(connection, "小鱼"), await member(connection, "小鱼在别处")
    await connection.execute(
        update(people).where(people.c.id == other.id).values(customer_id=fish.customer_id)
    )
    late = await member(connection, "小美")
    await tags.set_tags(connection, [tag(fish.id), tag(late.id, until=NOW - DAY)])
    found = await members_in(connection, Segment.carrying("老客"), NOW)
    assert found == sorted([fish.id, other.id])
    assert await members_in(connection, Segment.carrying("没人带"), NOW) == []
