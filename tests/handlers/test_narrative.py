"""The narrative follows the report where a model words it truly, and is else just missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from handlers.chat_endpoint import ChatEndpoint
from handlers.desk import Desk
from handlers.narrative import narrate
from handlers.settings import ShopSettings
from handlers.wording import LANGUAGES, wording
from insights.report import DemandReport
from storage.database import Database
from tests.handlers.conftest import with_groups
from tests.handlers.model_server import ModelServer, model_server
from tests.handlers.shop import MANAGER, Shop, open_shop
from tests.handlers.test_narrative_figures import REPORT


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    """A model on this machine."""
    async with model_server() as server:
        yield server


def desk_with(shop: Shop, model: ModelServer, language: str = "zh") -> Desk:
    return replace(
        shop.desk,
        say=wording(language),
        shop=replace(shop.desk.shop, language=language),
        narrator=ChatEndpoint(model.url, "small-1", deadline=1),
    )


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("nuanqun_narratives_total", {"outcome": outcome}) or 0.0


async def test_it_tells_what_rests_on_the_report(shop: Shop, model: ModelServer) -> None:
    before = counted("told")
    model.answer = (
        "讨厌气味的最多，有 26 人[F3]。\n99 人喜欢包装[F5]。\n有 9 人想要补货精华水[F7]。"
    )
    assert await narrate(desk_with(shop, model), REPORT) == (
        "小结（模型写的，数字都和报告核对过）：\n讨厌气味的最多，有 26 人。\n"
        "有 9 人想要补货精华水。"
    )
    assert counted("told") == before + 1


async def test_only_figures_and_masked_quotes_leave_the_house(
    shop: Shop, model: ModelServer
) -> None:
    model.answer = "好。"
    await narrate(desk_with(shop, model), REPORT)
    (asked,) = model.asked
    question = asked["messages"][1]["content"]
    assert "F3 讨厌 气味 26 人\n“太刺鼻了， 我电话 ***”\n" in question
    assert "13800001234" not in question
    assert shop.desk.shop.name not in str(asked)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_rules_are_in_the_shop_s_language(
    shop: Shop, model: ModelServer, language: str
) -> None:
    model.answer = "26 人讨厌气味[F3]。" if language == "zh" else "26 dislike 气味[F3]."
    told = await narrate(desk_with(shop, model, language), REPORT)
    assert told is not None
    assert told.endswith("26 人讨厌气味。" if language == "zh" else "26 dislike 气味.")
    rules = model.asked[0]["messages"][0]["content"]
    assert ("编号" in rules) == (language == "zh")
    assert "[F3]" in rules


async def test_without_a_model_there_is_none(shop: Shop) -> None:
    assert shop.desk.narrator is None
    assert await narrate(shop.desk, REPORT) is None


async def test_an_empty_report_is_not_sent_away(shop: Shop, model: ModelServer) -> None:
    empty = DemandReport(0, 0, (), (), (), ())
    assert await narrate(desk_with(shop, model), empty) is None
    assert model.asked == []


async def test_a_failure_is_logged_and_counted(shop: Shop, model: ModelServer) -> None:
    model.raw = b""
    before = counted("failed")
    with capture_logs() as lines:
        assert await narrate(desk_with(shop, model), REPORT) is None
    assert counted("failed") == before + 1
    assert [line["reason"] for line in lines] == ["RemoteProtocolError"]


async def test_a_model_that_invents_is_not_heard(shop: Shop, model: ModelServer) -> None:
    model.answer = "大家都很满意！销量会涨三倍。"
    before = counted("unfounded")
    assert await narrate(desk_with(shop, model), REPORT) is None
    assert counted("unfounded") == before + 1


@pytest.mark.parametrize("fails", [False, True])
async def test_the_report_is_out_before_the_model_is_asked(
    sqlite: Database, model: ModelServer, *, fails: bool
) -> None:
    narrator = ChatEndpoint(model.url, "small-1", deadline=2)
    shop = await with_groups(await open_shop(sqlite, ShopSettings(), narrator=narrator))
    await shop.says("小鱼", "气味太刺鼻了")
    model.pause = 0.5
    model.answer = "嗯。" if fails else "这几天一共 1 条消息[F1]。"
    asked = asyncio.create_task(shop.says(MANAGER, "/insights 7", group=None))
    async with asyncio.timeout(10):
        await model.was_asked.wait()
    report = shop.platform.posts[-1].content.text
    assert report.startswith("粉丝在说什么")
    answers = [post.content.text for post in await asked]
    assert answers[0] == report
    assert [text.partition("\n")[2] for text in answers[1:]] == (
        [] if fails else ["这几天一共 1 条消息。"]
    )
