"""Greetings are prepared some days ahead, shown once with every variant, and never said twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from handlers.greetings_ahead import AUTHOR, prepare_greetings
from scheduler.campaigns import CampaignState
from storage import campaigns
from storage.campaigns import StoredCampaign
from tests.handlers.scenes import OTHER, made, says, second_manager
from tests.handlers.shop import DAY, MANAGER, PLATFORM, Shop, in_group

SOLSTICE = "festivals:2026-12-22:winter-solstice"
# 10:00 on 18 December 2026 by the shop's clock: four days before.
AHEAD = datetime(2026, 12, 18, 2, 0, tzinfo=UTC)


async def switched_on(shop: Shop, groups: str = "@所有群") -> None:
    """The greetings of the year are on, and it is four days before the solstice."""
    await says(shop, "早")
    await says(shop, f"/programme on festivals {groups}")
    await says(shop, "/confirm")
    shop.clock.advance(AHEAD - shop.clock.now())


async def prepared(shop: Shop) -> list[StoredCampaign]:
    return [one for one in await made(shop) if one.created_by == AUTHOR]


async def shown(shop: Shop) -> list[str]:
    """What was said while the bot looked for greetings to prepare."""
    before = len(shop.platform.posts)
    await prepare_greetings(shop.desk)
    return [post.content.text for post in shop.platform.posts[before:]]


async def test_switched_on_it_is_told_how_greetings_come(shop: Shop) -> None:
    preview = await says(shop, "/programme on festivals @所有群")
    assert preview.startswith("开「节日问候」：每个节日提前 5 天把问候写好，先给你们看；")
    assert "「节日问候」开好了" in await says(shop, "/confirm")
    assert "已经开着" in await says(shop, "/programme on festivals @所有群")
    assert await says(shop, "/programme festivals") == "「节日问候」开着，要发的问候看 /plan。"


async def test_a_greeting_is_prepared_and_shown_once_with_every_variant(any_shop: Shop) -> None:
    shop = any_shop
    await switched_on(shop)
    (message,) = await shown(shop)
    assert "「冬至" in message
    assert "\n  A：" in message
    assert "\n  B：" in message
    assert "发到 3 个群" in message
    assert await shown(shop) == []
    (one,) = await prepared(shop)
    assert (one.key, one.state) == (SOLSTICE, CampaignState.DRAFT)


async def test_what_the_bot_has_written_is_told_to_be_by_the_bot(shop: Shop) -> None:
    await switched_on(shop)
    (told, *_) = await shown(shop)
    assert "\n自动问候 12-18 10:00 提交\n" in told
    assert "nuanqun:" not in told + await says(shop, "/waiting") + await says(shop, "/audit")


async def one_shown(shop: Shop) -> StoredCampaign:
    """Festivals are on, and the managers have seen the one greeting that was prepared."""
    await switched_on(shop)
    await shown(shop)
    (one,) = await prepared(shop)
    return one


async def test_nothing_goes_out_unapproved_and_an_approved_greeting_once(shop: Shop) -> None:
    one = await one_shown(shop)
    shop.clock.advance(4 * DAY - timedelta(minutes=10))
    assert (await shop.delivers()).text == ""
    assert "批准了" in await says(shop, f"/approve {one.id}")
    sent = await shop.delivers()
    assert sorted(map(str, sent.addresses)) == sorted(
        str(in_group(name)) for name in ("一群", "二群", "三群")
    )
    await prepare_greetings(shop.desk)
    assert (await shop.delivers()).text == ""


async def test_any_of_two_managers_may_approve_what_the_bot_prepared(shop: Shop) -> None:
    await second_manager(shop)
    await switched_on(shop)
    assert len(await shown(shop)) == 2
    (one,) = await prepared(shop)
    assert "批准了" in await says(shop, f"/approve {one.id}", OTHER)


async def test_a_greeting_that_was_refused_is_not_prepared_again(shop: Shop) -> None:
    one = await one_shown(shop)
    await says(shop, f"/reject {one.id}")
    assert await shown(shop) == []
    assert [each.state for each in await prepared(shop)] == [CampaignState.CANCELLED]
    assert "冬至" not in (await says(shop, "/plan 5")).partition("现成的")[0]


@pytest.mark.parametrize("greet", ["/greet 冬至 @所有群", "/greet @所有群"])
async def test_a_day_on_which_a_standing_campaign_greets_is_left_to_that(
    shop: Shop, greet: str
) -> None:
    await says(shop, greet)
    await says(shop, "/confirm")
    await switched_on(shop)
    await prepare_greetings(shop.desk)
    assert SOLSTICE not in {one.key for one in await prepared(shop)}


@pytest.mark.parametrize("greet", ["/greet 冬至 @所有群", "/greet @所有群"])
async def test_a_prepared_greeting_gives_way_to_one_that_is_confirmed_after_it(
    shop: Shop, greet: str
) -> None:
    await switched_on(shop)
    await shown(shop)
    await says(shop, greet)
    await says(shop, "/confirm")
    (one,) = [each for each in await prepared(shop) if each.key == SOLSTICE]
    assert (one.state, one.reason) == (CampaignState.CANCELLED, "replaced")
    shop.clock.advance(4 * DAY - timedelta(minutes=10))
    assert len(await shop.delivers()) == 3


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("greet", ["/greet 冬至 @一群", "/greet @一群"])
async def test_a_greeting_to_some_groups_leaves_the_others_theirs(
    any_shop: Shop, greet: str, *, first: bool
) -> None:
    shop = any_shop
    if first:
        await says(shop, greet)
        await says(shop, "/confirm")
    await switched_on(shop)
    await shown(shop)
    (one,) = [each for each in await prepared(shop) if each.key == SOLSTICE]
    await says(shop, f"/approve {one.id}")
    shop.clock.advance(4 * DAY - timedelta(minutes=25))
    await shop.desk.planner.plan_ahead()
    if not first:
        await says(shop, greet)
        await says(shop, "/confirm")
    shop.clock.advance(timedelta(minutes=10))
    sent = await shop.delivers()
    assert sorted(map(str, sent.addresses)) == sorted(
        str(in_group(name)) for name in ("一群", "二群", "三群")
    )
    (said,) = shop.platform.said_in("一群")[-1:]
    async with shop.desk.database.reading() as connection:
        found = await campaigns.by_id(connection, one.id)
    assert found is not None
    assert found.state is not CampaignState.CANCELLED
    assert said in sent.text


async def re_aimed(shop: Shop, groups: str = "@一群") -> str:
    """The programme goes to other groups; the preview of that."""
    preview = await says(shop, f"/programme on festivals {groups}")
    await says(shop, "/confirm")
    return preview


async def greeted_groups(shop: Shop) -> list[str]:
    """Whom the solstice's greeting reaches."""
    shop.clock.advance(4 * DAY - timedelta(minutes=10))
    return sorted(map(str, (await shop.delivers()).addresses))


async def test_an_approved_greeting_goes_where_its_programme_goes(any_shop: Shop) -> None:
    shop = any_shop
    one = await one_shown(shop)
    await says(shop, f"/approve {one.id}")
    assert "写好了还没发的 1 条问候也改发到这些群" in await re_aimed(shop)
    assert await greeted_groups(shop) == [str(in_group("一群"))]


async def test_a_greeting_that_waits_goes_there_too_and_is_still_to_be_approved(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await switched_on(shop)
    await shown(shop)
    await re_aimed(shop)
    (one,) = await prepared(shop)
    assert (one.state, one.submitted_by) == (CampaignState.DRAFT, AUTHOR)
    (again,) = await shown(shop)
    assert "发到 1 个群" in again
    await says(shop, f"/approve {one.id} 2")
    assert await greeted_groups(shop) == [str(in_group("一群"))]


async def test_what_is_planned_already_does_not_reach_a_group_that_was_left(
    any_shop: Shop,
) -> None:
    shop = any_shop
    one = await one_shown(shop)
    await says(shop, f"/approve {one.id}")
    shop.clock.advance(4 * DAY - timedelta(minutes=28))
    await shop.desk.planner.plan_ahead()
    await re_aimed(shop)
    shop.clock.advance(timedelta(minutes=18))
    assert [str(one) for one in (await shop.delivers()).addresses] == [str(in_group("一群"))]


async def test_with_another_manager_an_approved_greeting_is_approved_again(shop: Shop) -> None:
    one = await one_shown(shop)
    await says(shop, f"/approve {one.id}")
    await second_manager(shop)
    assert "还要另一位管理员批准" in await re_aimed(shop)
    told = [post.content.text for post in shop.platform.posts if "等着批准" in post.content.text]
    assert "发到 1 个群" in told[-1]
    await says(shop, f"/approve {one.id} 2", OTHER)
    assert await greeted_groups(shop) == [str(in_group("一群"))]


async def test_what_is_approved_before_the_yes_to_other_groups_waits_for_those(
    any_shop: Shop,
) -> None:
    shop = any_shop
    one = await one_shown(shop)
    await says(shop, "/programme on festivals @一群")
    await second_manager(shop)
    await says(shop, f"/approve {one.id}", OTHER)
    await says(shop, "/confirm")
    (again, *_) = await shown(shop)
    assert "发到 1 个群" in again
    await says(shop, f"/approve {one.id} 2", OTHER)
    assert await greeted_groups(shop) == [str(in_group("一群"))]


async def test_what_waits_for_other_groups_goes_on_to_others_again(any_shop: Shop) -> None:
    shop = any_shop
    one = await one_shown(shop)
    await says(shop, f"/approve {one.id}")
    await second_manager(shop)
    await re_aimed(shop)
    assert "写好了还没发的 1 条问候也改发到这些群" in await re_aimed(shop, "@二群")
    (told,) = await shown(shop)  # nobody else: who wrote it cannot approve it
    assert "发到 1 个群：二群" in told
    await says(shop, f"/approve {one.id} 3", OTHER)
    assert await greeted_groups(shop) == [str(in_group("二群"))]


async def test_what_goes_back_to_its_groups_goes_out_as_it_was_approved(any_shop: Shop) -> None:
    shop = any_shop
    await switched_on(shop, "@一群")
    await shown(shop)
    (one,) = await prepared(shop)
    await says(shop, f"/approve {one.id}")
    await second_manager(shop)
    await re_aimed(shop, "@二群")
    await re_aimed(shop, "@一群")
    assert await greeted_groups(shop) == [str(in_group("一群"))]


async def test_words_that_a_manager_wrote_and_that_wait_go_there_and_wait_on(
    any_shop: Shop,
) -> None:
    shop = any_shop
    one = await one_shown(shop)
    await second_manager(shop)
    await says(shop, f"/edit {one.id} 冬至安康呀")
    await says(shop, "/confirm")
    await re_aimed(shop)
    (told,) = await shown(shop)
    assert "冬至安康呀" in told
    await says(shop, f"/approve {one.id} 3")  # who wrote it
    async with shop.desk.database.reading() as connection:
        assert (await campaigns.known(connection, one.id)).approved_version is None
    await says(shop, f"/approve {one.id} 3", OTHER)
    assert await greeted_groups(shop) == [str(in_group("一群"))]


async def test_the_only_manager_is_not_asked_about_words_of_their_own(shop: Shop) -> None:
    one = await one_shown(shop)
    async with shop.desk.database.writing() as connection:
        body = {"content": {"text": "冬至安康"}}
        await campaigns.add_version(
            connection,
            one.id,
            body=body,
            audience=one.audience,
            by=f"{PLATFORM}:id-{MANAGER}",
            at=shop.clock.now(),
        )
    with capture_logs() as logged:
        assert await shown(shop) == []
    assert not [entry for entry in logged if entry["event"] == "nobody_to_approve"]


async def test_a_greeting_with_groups_of_its_own_keeps_them(shop: Shop) -> None:
    one = await one_shown(shop)
    await says(shop, f"/edit {one.id} @二群 冬至安康")
    await says(shop, "/confirm")
    await re_aimed(shop)
    assert await greeted_groups(shop) == [str(in_group("二群"))]


async def test_managers_are_not_woken_by_a_greeting(shop: Shop) -> None:
    await switched_on(shop)
    shop.clock.advance(timedelta(hours=13))  # 23:00
    assert await shown(shop) == []
    assert len(await prepared(shop)) == 1
    shop.clock.advance(timedelta(hours=11))
    assert len(await shown(shop)) == 1


async def test_switched_off_it_prepares_nothing_and_what_it_prepared_is_cancelled(
    shop: Shop,
) -> None:
    await switched_on(shop)
    await shown(shop)
    assert "「节日问候」关了" in await says(shop, "/programme off festivals")
    assert [one.state for one in await prepared(shop)] == [CampaignState.CANCELLED]
    shop.clock.advance(2 * DAY)
    assert await shown(shop) == []


async def test_the_plan_shows_what_will_be_prepared_and_what_waits(shop: Shop) -> None:
    await switched_on(shop, "@一群")
    before = (await says(shop, "/plan 14")).partition("现成的")[0]
    assert "12-22 09:42" in before
    assert "还没有人批准" in before
    await shown(shop)
    after = (await says(shop, "/plan 14")).partition("现成的")[0]
    (one,) = await prepared(shop)
    assert after.count("12-22 09:42") == 1
    assert f"#{one.id} " in after


async def test_switched_on_anew_it_prepares_what_is_still_to_come(any_shop: Shop) -> None:
    shop = any_shop
    await switched_on(shop)
    await shown(shop)
    await says(shop, "/programme off festivals")
    shop.clock.advance(timedelta(hours=1))
    await says(shop, "/programme on festivals @所有群")
    await says(shop, "/confirm")
    assert len(await shown(shop)) == 1
    assert await shown(shop) == []
    assert [(one.key, one.state) for one in await prepared(shop)] == [
        (SOLSTICE, CampaignState.CANCELLED),
        (f"{SOLSTICE}~2", CampaignState.DRAFT),
    ]


async def test_two_processes_prepare_a_greeting_once(any_shop: Shop) -> None:
    shop = any_shop
    await switched_on(shop)
    await asyncio.gather(prepare_greetings(shop.desk), prepare_greetings(shop.desk))
    assert [one.key for one in await prepared(shop)] == [SOLSTICE]


# The members' day, of which a programme may speak as well

MEMBERS = "/programme on member-day @所有群 每月几号=18 会员日的优惠=积分双倍"


async def members_day_is_on(shop: Shop, said: str = MEMBERS) -> None:
    await says(shop, "/shopday 会员日 每月18号")
    await says(shop, said)
    await says(shop, "/confirm")


async def greeted_on_the_18th(shop: Shop) -> list[StoredCampaign]:
    """The greetings of 18 December that are prepared four days before."""
    await says(shop, "/programme on festivals @所有群")
    await says(shop, "/confirm")
    shop.clock.advance(datetime(2026, 12, 14, 2, tzinfo=UTC) - shop.clock.now())
    await prepare_greetings(shop.desk)
    return [one for one in await prepared(shop) if "12-18" in one.key]


async def test_of_a_members_day_only_the_programme_speaks_where_it_does(any_shop: Shop) -> None:
    shop = any_shop
    await members_day_is_on(shop)
    assert await greeted_on_the_18th(shop) == []
    planned = (await says(shop, "/plan 6")).partition("现成的")[0]
    assert planned.count("12-18") == 1
    assert "12-18 11:08" in planned


@pytest.mark.parametrize(
    "instead",
    [
        "/programme skip member-day day:12",
        "/programme off member-day",
    ],
)
async def test_a_members_day_is_greeted_on_where_the_programme_does_not_speak(
    shop: Shop, instead: str
) -> None:
    await members_day_is_on(shop)
    await says(shop, instead)
    assert len(await greeted_on_the_18th(shop)) == 1


async def test_groups_to_which_the_programme_does_not_speak_keep_their_greeting(
    shop: Shop,
) -> None:
    await members_day_is_on(shop, MEMBERS.replace("@所有群", "@一群"))
    assert len(await greeted_on_the_18th(shop)) == 1
