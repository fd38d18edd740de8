"""Who is who among the fans becomes tags at night, in kind words, and never about their health."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.chores import analyse_last_days
from handlers.people_found import STANDINGS, interest_tags, standing_tags, tag_people
from handlers.settings import ShopSettings
from handlers.taggers import is_private_matter, tag_everybody, why_text
from handlers.wording import wording
from insights.people import Person, Standing
from storage.members import recorded_among
from tests.handlers.shop import DAY, MANAGER, MINUTE, NOW, Shop

RULES = {"rule:interest", "rule:advocate", "rule:helper", "rule:critic"}
EVERYBODY = ("小鱼", "小美", "小陈", "小李")


async def talk(shop: Shop) -> None:
    """小鱼 recommends, 小美 answers, 小陈 complains, and 小李 says nothing."""
    await shop.joins(*EVERYBODY)
    for thing in ("面霜", "精华", "面膜"):
        await shop.says("小鱼", f"{thing}真的很好用，强烈安利，闭眼入")
        await shop.says("小鱼", f"{thing}多久能用完？")
        await shop.says("小美", f"{thing}我一般用两个月")
        await shop.says("小陈", f"{thing}的包装太差了")
        shop.clock.advance(20 * MINUTE)


async def night(shop: Shop) -> None:
    """The next day comes, and what is done at night is done."""
    shop.clock.advance(DAY)
    await analyse_last_days(shop.desk)
    await tag_everybody(shop.desk)
    await tag_people(shop.desk)


async def of_rules(shop: Shop, name: str) -> dict[str, str]:
    """Somebody's tags by these rules → why."""
    return {tag.tag: tag.why for tag in (await shop.tags(name)).values() if tag.set_by in RULES}


async def test_at_night_everybody_is_tagged_for_what_they_did_and_care_about(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await talk(shop)
    await night(shop)
    assert (await of_rules(shop, "小鱼")).get("安利官") == "3"
    assert (await of_rules(shop, "小美")).get("热心人") == "3"
    complains = await of_rules(shop, "小陈")
    assert complains == {"爱提意见": "3", "关心:包装": "3"}
    assert await of_rules(shop, "小李") == {}
    tags = await shop.tags("小陈")
    assert tags["爱提意见"].until == shop.clock.now() + timedelta(days=7)
    assert tags["关心:包装"].until == shop.clock.now() + shop.desk.shop.interest_for
    said = (await shop.says("小陈", "/me", group=None)).text
    assert "爱提意见" in said


async def test_a_tag_ends_when_it_is_so_no_longer(shop: Shop) -> None:
    await talk(shop)
    await night(shop)
    assert "爱提意见" in await shop.tags("小陈")
    for _ in range(38):
        await night(shop)
    assert await of_rules(shop, "小陈") == {"关心:包装": "3"}
    assert {"沉默"} <= (await shop.tags("小李")).keys()


async def test_the_silent_get_no_second_tag(shop: Shop) -> None:
    await shop.joins("小李")
    shop.clock.advance(31 * DAY)
    await night(shop)
    assert set(await shop.tags("小李")) == {"沉默"}


async def test_a_managers_tag_is_never_touched(shop: Shop) -> None:
    await talk(shop)
    await shop.says(MANAGER, "/tag @小陈 爱提意见 老朋友了", group=None)
    await night(shop)
    tag = (await shop.tags("小陈"))["爱提意见"]
    assert (tag.why, tag.until) == ("老朋友了", None)


async def test_who_asked_for_no_record_or_no_marketing_is_given_no_tag(shop: Shop) -> None:
    await talk(shop)
    await shop.says("小陈", "/optout", group=None)
    await night(shop)
    assert await of_rules(shop, "小陈") == {}
    assert "热心人" in await of_rules(shop, "小美")
    await shop.says("小鱼", "/norecord", group=None)
    await night(shop)
    assert await of_rules(shop, "小鱼") == {}
    async with shop.desk.database.reading() as connection:
        ids = [(await shop.member(name)).id for name in ("小鱼", "小陈", "小美")]
        assert await recorded_among(connection, ids) == {ids[1]: True, ids[2]: False}


async def test_health_never_becomes_a_tag(shop: Shop) -> None:
    await shop.joins("小鱼")
    for number in range(5):
        await shop.says("小鱼", f"第{number}次用了还是过敏，烂脸")
        await shop.says("小鱼", f"孕妇第{number}个月能用吗")
    await night(shop)
    assert not [tag for tag in await of_rules(shop, "小鱼") if is_private_matter(tag)]
    assert "爱提意见" not in await shop.tags("小鱼")
    assert "关心:安全" not in await shop.tags("小鱼")


async def test_the_manager_sees_who_is_who_and_can_thank_them(shop: Shop) -> None:
    await talk(shop)
    await night(shop)
    lines = (await shop.says(MANAGER, "/people 7", group=None)).text.splitlines()
    assert lines[0] == "群里的人（10-31 至 11-06，一群、三群、二群）"
    assert "安利官 1 位：小鱼（推荐 3 次）" in lines
    assert "热心人 1 位：小美（回答 3 次）" in lines
    assert "爱提意见 1 位：小陈（3 次不满意）" in lines
    often = next(line for line in lines if line.startswith("反复说起的（每人 3 条以上）："))
    assert "包装 1 位" in often
    assert lines[-1].endswith("写：/broadcast @标签:安利官 和要说的话")
    elsewhere = (await shop.says(MANAGER, "/people 7 @三群", group=None)).text
    assert "安利官：还没有" in elsewhere
    assert "小鱼" not in elsewhere
    thanks = await shop.says(MANAGER, "/broadcast @标签:安利官 谢谢你", group=None)
    assert "私下发给 1 位粉丝" in thanks.text


async def test_a_manager_who_has_to_wait_is_told_so_first(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk(shop)
    wait = "这些天的聊天要从头读一遍，稍等一会儿"
    assert wait not in str(await shop.says(MANAGER, "/people 7", group=None))
    monkeypatch.setattr("handlers.commands.people._PATIENCE", 0.0)
    answers = str(await shop.says(MANAGER, "/people 7", group=None))
    assert 0 <= answers.find(wait) < answers.find("安利官 1 位：小鱼")


async def test_what_is_said_today_counts_in_the_answer(shop: Shop) -> None:
    await talk(shop)
    assert "安利官 1 位：小鱼" in (await shop.says(MANAGER, "/people 7", group=None)).text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_tag_says_why_in_facts_alone(language: str) -> None:
    say = wording(language)
    everything = frozenset({Standing.ADVOCATE, Standing.HELPER, Standing.CRITIC, Standing.SILENT})
    person = Person(1, everything, 9, 5, 4, 3, 2)
    made = standing_tags([person], NOW, say)
    made += interest_tags({1: {"气味": 7}}, NOW, ShopSettings(), say)
    assert [tag.why for tag in made] == ["3", "2", "4", "7"]
    assert len({tag.tag for tag in made}) == len(STANDINGS) + 1
    for tag in made:
        assert tag.why in why_text(say, tag)
        assert why_text(say, tag) != tag.why
        assert tag.until is not None
