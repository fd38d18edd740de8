"""What a fan may ask: help, what is known of them, and to be left in peace."""

from __future__ import annotations

import pytest

from handlers.taggers import tag_everybody
from scheduler.courier import AddressGone, Unable
from storage import audit
from tests.handlers.sentences import CHINESE
from tests.handlers.shop import MANAGER, Opener, Shop, in_group, in_private


async def test_me_tells_what_is_kept_in_private(shop: Shop) -> None:
    await shop.says("小鱼", "补水面膜太好用了")
    await shop.says("小鱼", "二群的也看看", group="二群")
    await shop.says(MANAGER, "/tag @小鱼 敏感肌")
    answer = await shop.says("小鱼", "我的信息")
    assert answer.addresses == [in_private("小鱼")]
    assert answer.text == (
        "小鱼，我记得你这些：\n所在群：一群、二群\n说过的话：2 条\n标签：敏感肌\n"
        "营销消息：收\n聊天记录：记录"
    )


async def test_optout_says_that_group_posts_still_arrive(shop: Shop) -> None:
    answer = await shop.says("小鱼", "/optout")
    assert "发给整个群的消息，你在群里还是会看到" in answer.text
    assert (await shop.member("小鱼")).opted_out
    assert "营销消息：不收" in (await shop.says("小鱼", "/me")).text
    await shop.says("小鱼", "/optin")
    assert not (await shop.member("小鱼")).opted_out


async def test_norecord_empties_the_text_and_reads_the_days_again(any_shop: Shop) -> None:
    await any_shop.says("小鱼", "补水面膜太好用了")
    await any_shop.says("小美", "面霜有点油")
    answer = await any_shop.says("小鱼", "/norecord")
    assert "不再记录你的聊天" in answer.text
    await any_shop.says("小鱼", "悄悄话")
    assert await any_shop.fans_words() == ["面霜有点油"]
    await any_shop.says("小鱼", "/record")
    await any_shop.says("小鱼", "又来了")
    assert await any_shop.fans_words() == ["面霜有点油", "又来了"]


async def test_norecord_sets_no_tags_from_words(shop: Shop) -> None:
    await shop.says(MANAGER, "/watch 补水 = 兴趣:补水")
    await shop.says("小鱼", "/norecord")
    await shop.says("小鱼", "想买补水的")
    assert await shop.tags("小鱼") == {}


async def test_a_fans_wish_is_in_the_audit_log(shop: Shop) -> None:
    for wish in ("/optout", "/optin", "/norecord", "/record"):
        await shop.says("小鱼", wish)
    async with shop.desk.database.reading() as connection:
        noted = await audit.latest(connection, 10)
    assert [(one.actor, one.action) for one in reversed(noted)] == [
        ("room:id-小鱼", wish) for wish in ("optout", "optin", "norecord", "record")
    ]


@pytest.mark.parametrize("refusal", [AddressGone("never met"), Unable("no private chats")])
async def test_a_wish_is_carried_out_where_there_is_no_private_chat(
    shop: Shop, refusal: AddressGone | Unable
) -> None:
    shop.platform.refuses[in_private("小鱼")] = refusal
    answer = await shop.says("小鱼", "/optout")
    assert (answer.addresses, answer.text) == ([in_group("一群")], "@小鱼 好的，照办了。")
    assert answer[0].content.mentions[0].person == "id-小鱼"
    assert (await shop.member("小鱼")).opted_out


async def test_what_is_private_stays_private_where_there_is_no_private_chat(shop: Shop) -> None:
    await shop.says("小鱼", "补水面膜太好用了")
    shop.platform.refuses[in_private("小鱼")] = AddressGone("never met")
    answer = await shop.says("小鱼", "/me")
    assert answer.text == "@小鱼 这个只能私下说：先和我私聊一句，再发一次命令。"


async def test_in_private_everything_is_answered_there(shop: Shop) -> None:
    assert (await shop.says("小鱼", "/help", group=None)).addresses == [in_private("小鱼")]
    assert "所在群：还没有" in (await shop.says("小鱼", "/me", group=None)).text


async def test_answers_have_no_markers_left(shop: Shop) -> None:
    """A name full of braces is only a name."""
    name = "{name}{0}}{"
    assert (await shop.says(name, "/me")).text.startswith(f"{name}，我记得")
    assert f"「没有{name}」" in (await shop.says(MANAGER, f"/who @没有{name}")).text
    answer = await shop.says(MANAGER, f"/tag @{name} {{tag}} {{why}}")
    assert answer.text == f"已给 {name} 贴上「{{tag}}」。"
    assert "{why}" in (await shop.says(MANAGER, f"/who @{name}")).text


async def test_in_english_nothing_is_chinese_but_what_people_wrote(opened: Opener) -> None:
    shop = await opened(language="en", name="Dew", managers=("id-Amy",))
    await shop.opens("main", tagged=["deals"])
    await shop.opens("group2", tagged=["deals"])
    await shop.joins("Mia", "Zoe", group="main")
    asked = [
        ("Mia", "/help"),
        ("Mia", "/help me"),
        ("Mia", "/me"),
        ("Mia", "/optout"),
        ("Mia", "/halt"),
        ("Amy", "/help"),
        ("Amy", "/help insights"),
        ("Amy", "/tag @Mia sensitive asks about ingredients"),
        ("Amy", "/tag @Mia"),
        ("Amy", "/tags @Mia"),
        ("Amy", "/who @Mia"),
        ("Amy", "/who @Mio"),
        ("Amy", "/watch serum = likes:serum"),
        ("Mia", "I love the serum"),
        ("Amy", "/members likes:serum"),
        ("Amy", "/unwatch cream"),
        ("Amy", "/insights 7"),
        ("Amy", "/broadcast Live at 8"),
        ("Amy", "/broadcast @deals -group2 Live at 8 tonight"),
        ("Amy", "/confirm"),
        ("Amy", "/countdown double11 @all"),
        ("Amy", "/countdown 12-12 @all"),
        ("Amy", "/greet spring-festival @all"),
        ("Amy", "/greet 'christmas"),
        ("Amy", "/plan 60"),
        ("Amy", "/cancel 99"),
        ("Amy", "/recall"),
        ("Amy", "/halt"),
        ("Amy", "/resume"),
        ("Amy", "/nonsense"),
    ]
    for name, text in asked:
        answer = await shop.says(name, text, group="main")
        assert answer or not text.startswith("/"), text
        shown = answer.text + "".join(answer.buttons)
        assert not CHINESE.search(shown.replace("“", "").replace("”", "")), (text, shown)
    assert {"sensitive", "newcomer", "likes:serum"} <= (await shop.tags("Mia")).keys()


async def test_no_record_takes_away_what_was_found_in_words_and_leaves_what_a_manager_set(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await shop.says(MANAGER, "/watch 补水 = 兴趣:补水")
    for number in range(10):
        await shop.says("小鱼", f"求补水 {number}")
    await shop.says(MANAGER, "/tag @小鱼 老客")
    assert set(await shop.tags("小鱼")) == {"兴趣:补水", "活跃", "老客"}
    await shop.says("小鱼", "/norecord")
    await shop.says("小鱼", "补水")
    await tag_everybody(shop.desk)
    assert set(await shop.tags("小鱼")) == {"老客"}
