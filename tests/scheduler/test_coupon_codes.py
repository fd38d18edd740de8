"""A private message that gives a coupon: one code a person, whatever ends or is planned again."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.bodies import SAMPLE_CODE, batch_asked, content_of, personal_body
from scheduler.caring import CareSettings
from scheduler.content import Content
from scheduler.courier import Limits
from scheduler.decide import Reason
from scheduler.feed import Batch, Feed
from scheduler.notices import CouponsGone, Notice
from storage import coupons
from storage.customers import set_opt_out
from storage.database import Database
from tests.scheduler.stage import ACCOUNT, HOUR, NOW, Stage
from tests.scheduler.test_planning_people import TAGGED, fans, stands

ALL = 100
GIVES = personal_body(Content("{{ fan }}，给你的券：{{ coupon }}"), {}) | {"coupon": "双11券"}


@pytest.fixture
def stage(database: Database) -> Stage:
    found = Stage(database)
    found.platform.limits = Limits()
    return found


async def codes(stage: Stage, *written: str, until: Any = None) -> None:
    """The shop's batch, with these codes beside those it has."""
    async with stage.database.writing() as connection:
        shop_id = await stage.shop_in(connection)
        batch = await coupons.make_batch(
            connection, shop_id, "双11券", "减30", until, by="room:boss", at=NOW
        )
        await coupons.add_codes(connection, batch, written, f"m-{written}")


async def planned(stage: Stage, *names: str, body: Any = GIVES, key: str = "c1") -> None:
    """A message to each of these fans, which is due."""
    await fans(stage, *names)
    await stage.campaign(key, audience=TAGGED, body=body)
    await (await stage.planner()).plan_ahead()


async def read(stage: Stage, told: list[Notice] | None = None) -> Batch:
    """What a process that has just started would let leave."""
    tell = (told if told is not None else []).append
    feed = Feed(stage.database, ACCOUNT, stage.platform, CareSettings(), tell)
    return await feed.next_batch(NOW, ALL, None)


def texts(batch: Batch) -> set[str]:
    return {post.content.text for _, post in batch.going.values()}


async def handed(stage: Stage) -> int:
    shop_id = await stage.shop()
    async with stage.database.reading() as connection:
        (batch,) = await coupons.batches(connection, shop_id)
    return batch.handed


async def test_everybody_gets_a_code_of_their_own(stage: Stage) -> None:
    await codes(stage, "A1", "B2", "C3")
    await planned(stage, "小鱼", "小美")
    said = texts(await read(stage))
    assert {text.partition("，")[0] for text in said} == {"小鱼", "小美"}
    assert {text.partition("：")[2] for text in said} == {"A1", "B2"}
    assert await handed(stage) == 2


async def test_a_process_that_starts_again_finds_the_same_codes(stage: Stage) -> None:
    await codes(stage, "A1", "B2", "C3", "D4")
    await planned(stage, "小鱼", "小美")
    first = texts(await read(stage))
    assert texts(await read(stage)) == first
    assert await handed(stage) == 2


async def test_another_campaign_with_the_same_batch_says_the_same_code(stage: Stage) -> None:
    await codes(stage, "A1", "B2")
    await planned(stage, "小鱼")
    await planned(stage, "小鱼", key="c2")
    assert texts(await read(stage)) == {"小鱼，给你的券：A1"}
    assert await handed(stage) == 1


async def test_who_comes_too_late_is_left_out_and_the_staff_hear_of_it_once(stage: Stage) -> None:
    await codes(stage, "A1")
    await planned(stage, "小鱼", "小美", "小月")
    told: list[Notice] = []
    feed = Feed(stage.database, ACCOUNT, stage.platform, CareSettings(), told.append)
    for _ in range(2):
        found = await feed.next_batch(NOW, ALL, None)
        assert [text.partition("：")[2] for text in texts(found)] == ["A1"]
        assert [move.reason for move in found.moves] == [Reason.COUPONS_GONE] * 2
    campaign = await stage.stored("c1")
    assert told == [CouponsGone(campaign.id, "双11券", 1)]


async def test_a_batch_that_is_over_or_was_never_made_gives_nothing(stage: Stage) -> None:
    await planned(stage, "小鱼")
    assert [move.reason for move in (await read(stage)).moves] == [Reason.COUPONS_GONE]
    await codes(stage, "A1", until=NOW - HOUR)
    found = await read(stage)
    assert not found.going
    assert await handed(stage) == 0


async def test_a_coupon_that_was_used_is_not_given_again(stage: Stage) -> None:
    await codes(stage, "A1", "B2")
    await planned(stage, "小鱼")
    await read(stage)
    async with stage.database.writing() as connection:
        assert await coupons.redeem(connection, "A1", "room:boss", NOW)
    found = await read(stage)
    assert not found.going
    assert [move.reason for move in found.moves] == [Reason.COUPON_USED]


async def test_who_gets_no_message_uses_no_code_up(stage: Stage) -> None:
    await codes(stage, "A1", "B2")
    (fan, _) = await fans(stage, "小鱼", "小美")
    await planned(stage, "小鱼", "小美")
    async with stage.database.writing() as connection:
        await set_opt_out(connection, fan.customer_id, NOW)
    assert texts(await read(stage)) == {"小美，给你的券：A1"}
    assert await handed(stage) == 1


async def test_words_that_are_held_back_hand_nothing_out(stage: Stage) -> None:
    await codes(stage, "A1")
    body = personal_body(Content("转发领红包 {{ coupon }}"), {}) | {"coupon": "双11券"}
    await planned(stage, "小鱼", body=body)
    assert [move.reason for move in (await read(stage)).moves] == [Reason.WORDING]
    assert await handed(stage) == 0


async def test_a_text_that_asks_for_none_uses_no_code_up(stage: Stage) -> None:
    await codes(stage, "A1")
    body = personal_body(Content("{{ fan }}，你好"), {}) | {"coupon": "双11券"}
    await planned(stage, "小鱼", body=body)
    assert texts(await read(stage)) == {"小鱼，你好"}
    assert await handed(stage) == 0


async def test_the_ledger_tells_why_somebody_got_none(stage: Stage) -> None:
    await codes(stage, "A1")
    await planned(stage, "小鱼", "小美")
    sender = await stage.opened()
    await sender.drain()
    ended = [ends for ((ends),) in (await stands(stage)).values()]
    assert sorted(ended) == [("sent", None), ("skipped", "coupons_gone")]
    assert len([one for one in stage.told if isinstance(one, CouponsGone)]) == 1


def test_words_that_are_only_shown_have_a_sample() -> None:
    shown = content_of(GIVES, "once", "小鱼", in_private=True)
    assert shown.text == f"小鱼，给你的券：{SAMPLE_CODE}"


@pytest.mark.parametrize(
    ("text", "batch"),
    [
        ("{{ coupon }}", "双11券"),
        ("{% if coupon %}有券{% endif %}", "双11券"),
        ("{{ fan }}", None),
        ("coupon", None),
    ],
)
def test_only_words_that_give_a_code_ask_for_one(text: str, batch: str | None) -> None:
    body = personal_body(Content(text), {}) | {"coupon": "双11券"}
    assert batch_asked(body, "once", None) == batch
    assert batch_asked(personal_body(Content(text), {}), "once", None) is None
