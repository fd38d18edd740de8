"""What leaves passes the wording rules once more, as it is rendered; staff hear of it once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from scheduler import wording_gate
from scheduler.bodies import literal_body, template_body
from scheduler.caring import CareSettings
from scheduler.content import Content
from scheduler.courier import Limits
from scheduler.decide import Reason
from scheduler.feed import Feed
from scheduler.notices import Notice, WordingHeld
from scheduler.wording_gate import in_yuan
from scheduler.wording_rules import check_content
from storage.database import Database
from storage.deliveries import DeliveryState
from storage.products import ProductState, Ware, add_products
from tests.scheduler.stage import ACCOUNT, MINUTE, NOW, SECOND, Stage

ALL = 100


class Listening:
    """A feed, and what it told."""

    def __init__(self, stage: Stage, care: CareSettings | None = None) -> None:
        stage.platform.limits = Limits()
        self.told: list[Notice] = []
        self.feed = Feed(
            stage.database, ACCOUNT, stage.platform, care or CareSettings(), self.told.append
        )

    async def texts(self, now: Any = NOW) -> set[str]:
        """What would leave."""
        found = await self.feed.next_batch(now, ALL, None)
        return {post.content.text for _, post in found.going.values()}


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def test_what_breaks_a_rule_is_skipped_and_told_once(stage: Stage) -> None:
    await stage.due("一群", "二群", body=literal_body(Content("转发领红包")))
    one = Listening(stage)
    found = await one.feed.next_batch(NOW, ALL, None)
    assert not found.going
    assert {(move.state, move.reason) for move in found.moves} == {
        (DeliveryState.SKIPPED, Reason.WORDING)
    }
    (told,) = one.told
    assert isinstance(told, WordingHeld)
    assert [hit.rule for hit in told.hits] == ["share-reward"]
    await one.feed.next_batch(NOW, ALL, None)
    assert len(one.told) == 1


async def test_what_was_let_pass_goes_out(stage: Stage) -> None:
    body = literal_body(Content("转发领红包")) | {"overrides": ["share-reward"]}
    await stage.due("一群", body=body)
    one = Listening(stage)
    assert await one.texts() == {"转发领红包"}
    assert not one.told


async def test_a_warning_holds_nothing_back(stage: Stage) -> None:
    await stage.due("一群", body=literal_body(Content("看 https://else.example/1")))
    assert await Listening(stage).texts() == {"看 https://else.example/1"}


async def test_a_groups_name_is_no_claim_but_what_is_said_for_it_is(stage: Stage) -> None:
    texts = {"x": "{{ group }}的朋友，{% if group == '二群' %}转发领红包{% endif %}晚上好"}
    body = template_body(texts, {"shop": "顶级好物铺"}, "zh")
    await stage.due("最强妈妈团", "二群", "三群", body=body, slot="x")
    one = Listening(stage)
    assert await one.texts() == {"最强妈妈团的朋友，晚上好", "三群的朋友，晚上好"}
    assert len(one.told) == 1


async def test_the_shops_name_is_no_claim(stage: Stage) -> None:
    body = template_body({"x": "{{ shop }}上新"}, {"shop": "顶级好物铺"}, "zh")
    await stage.due("一群", body=body, slot="x")
    assert await Listening(stage).texts() == {"顶级好物铺上新"}


async def test_one_text_is_looked_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def counted(content: Content, *args: Any, **named: Any) -> Any:
        looked.append(content.text)
        return check_content(content, *args, **named)

    monkeypatch.setattr(wording_gate, "check_content", counted)
    body = template_body({"x": "{{ group }}，晚上好"}, {}, "zh")
    names = [f"第{number}群" for number in range(20)]
    await stage.due(*names, body=body, slot="x")
    assert len(await Listening(stage).texts()) == 20
    assert len(looked) == 1


async def price_of(stage: Stage, title: str, price: str) -> None:
    """The shop's feed names a price."""
    ware = Ware(key=f"{title}{price}", title=title, price=Decimal(price), currency="CNY")
    async with stage.database.writing() as connection:
        shop_id = await stage.shop_in(connection)
        await add_products(connection, shop_id, "feed", [(ware, ProductState.KNOWN)], NOW)


async def test_a_price_that_changed_after_the_approval_is_not_said(stage: Stage) -> None:
    await stage.due("一群", body=literal_body(Content("玫瑰面霜 89 元")))
    one = Listening(stage)
    assert await one.texts() == {"玫瑰面霜 89 元"}
    await price_of(stage, "玫瑰面霜", "99")
    assert await one.texts(NOW + 30 * SECOND) == {"玫瑰面霜 89 元"}  # known for a minute
    assert await one.texts(NOW + 2 * MINUTE) == set()
    await price_of(stage, "玫瑰面霜", "89")
    assert await one.texts(NOW + 2 * MINUTE + SECOND) == {"玫瑰面霜 89 元"}  # at once
    assert await one.texts(NOW + 4 * MINUTE) == {"玫瑰面霜 89 元"}


def test_only_prices_in_yuan_are_held_against_yuan() -> None:
    known = {
        "a": [(Decimal(1), "CNY")],
        "b": [(Decimal(2), "")],
        "c": [(Decimal(3), "USD")],
        "d": [(Decimal(4), "cny"), (Decimal(5), "EUR")],
    }
    assert in_yuan(known) == {"a": [Decimal(1)], "b": [Decimal(2)]}
