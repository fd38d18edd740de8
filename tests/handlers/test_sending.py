"""Sending from chat: a preview, a yes within ten minutes, and posts that can be taken back."""

from __future__ import annotations

import pytest

from handlers.proposals import CONFIRM_WITHIN
from handlers.proposing import called_after
from handlers.settings import ShopSettings
from scheduler.courier import AddressGone, TooFast, Unable
from tests.handlers.scenes import TONIGHT, made, state_counts
from tests.handlers.shop import DAY, MANAGER, MINUTE, SECOND, Opener, Shop, in_group, open_shop

EXAMPLE = "/broadcast @福利群 -二群 今晚八点直播，聊聊秋冬怎么保湿"
NOTHING_TO_CONFIRM = f"没有等着确认的内容。先预览，例如：{EXAMPLE}"
WRONG_BRACES = (
    "这段内容里的花括号没写对。能用的只有 {{ days }}（还有几天）、{{ shop }}（店名）"
    "和 {{ group }}（群名）。"
)


async def test_a_broadcast_is_previewed_confirmed_and_sent(any_shop: Shop) -> None:
    shop = any_shop
    await shop.joins("小鱼", "小美", MANAGER)
    await shop.joins("小鱼", group="二群")
    preview = await shop.says(MANAGER, f"/broadcast @福利群 {TONIGHT}")
    confirm = preview.buttons["确认发送"]
    assert preview.text == (
        f"要发的内容：\n{TONIGHT}\n\n发到 2 个群：一群、二群\n共 2 位粉丝\n"
        "其中 1 位不止在一个群，会看到几次\n"
        f"没问题的话，10 分钟内发 {confirm}；不发了，发 /dismiss。"
    )
    assert preview.buttons == {"确认发送": confirm, "不发了": "/dismiss"}
    assert not await shop.delivers()
    answer = await shop.presses(MANAGER, confirm)
    (campaign,) = await made(shop)
    assert answer.text == (
        f"好的，「{TONIGHT}」已确认，编号 {campaign.id}。"
        f"看安排，发 /plan；不想发了，发 /cancel {campaign.id}。"
    )
    sent = await shop.delivers()
    assert sent.addresses == [in_group("一群"), in_group("二群")]
    assert {post.content.text for post in sent} == {TONIGHT}
    assert await state_counts(shop) == {"sent": 2}


@pytest.mark.parametrize(
    "text",
    [
        "第一行\n第二行\n\n第四行",
        "{shop} 和 {name} 和 { 和 }} 和 %",
        "🎉🎉 今晚见 👋🏽",
        "<b>不是</b> *粗体* _斜体_",
        "长" * 4096,
    ],
)
async def test_a_broadcast_goes_out_word_for_word(shop: Shop, text: str) -> None:
    preview = await shop.says(MANAGER, f"/broadcast @一群\n{text}")
    assert len(preview.text) < 1_000
    await shop.says(MANAGER, "/confirm")
    assert [post.content.text for post in await shop.delivers()] == [text]


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        (f"/broadcast @一群 {'长' * 4097}", "内容太长了，最多 4096 个字。"),
        (
            "/broadcast @一群",
            f"还没有写内容。可以这样写：{EXAMPLE}",
        ),
        (
            "/broadcast @四群 今晚",
            "没有叫「四群」的群或群标签，可以写：@二群。现有：一群、三群、二群、福利群",
        ),
        (
            "/broadcast @{四} 今晚",
            "没有叫「{四}」的群或群标签，可以写：@福利群 -二群。现有：一群、三群、二群、福利群",
        ),
        (
            "/broadcast @一群 -福利群 今晚",
            "这样选下来一个群也没有。现有的群和群标签：一群、三群、二群、福利群",
        ),
        (
            "/broadcast @上次 今晚",
            "还没有上次的选择。写群名或群标签就行，例如：@福利群 -二群",
        ),
        ("/countdown 2-30 @一群", "日历里没有「2-30」这一天。可以这样写：/countdown 双11 @所有群"),
        ("/countdown 2020-02-02 @一群", "从现在起一年内没有要发的。"),
        (
            "/countdown 双12 @一群 还有 {{ dyas }} 天",
            WRONG_BRACES,
        ),
        (
            "/countdown 双12 @一群 还有 {{ days 天",
            WRONG_BRACES,
        ),
        (
            "/confirm",
            NOTHING_TO_CONFIRM,
        ),
        ("/dismiss", "没有等着确认的内容。"),
        ("/cancel 12", "没有编号 12 的活动。发 /plan 看编号。"),
        ("/recall", "没有可以撤回的消息。"),
        ("/recall 12", "没有可以撤回的消息。"),
        ("/pin 12", "没有可以置顶的消息。"),
        ("/resume", "没有急停，发送一切正常。"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_friendly_line(
    shop: Shop, says: str, answer: str
) -> None:
    assert (await shop.says(MANAGER, says)).text == answer
    assert await made(shop) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("今晚八点直播", "今晚八点直播"),
        ("今晚八点直播！聊聊秋冬怎么保湿", "今晚八点直播"),
        ("【通知】\n明天发货，地址要改的今天说", "通知"),
        ("老朋友的券：", "老朋友的券"),
        (
            "桂花面膜补货了，这次多备了三百份，要的朋友直接拍就行",
            "桂花面膜补货了，这次多备了三百份",
        ),
        ("a" * 30, "a" * 19 + "…"),
        ("！！！", ""),
    ],
)
def test_a_post_is_called_after_its_first_sentence(text: str, name: str) -> None:
    assert called_after(text) == name


async def test_without_groups_the_bot_offers_the_last_choice(shop: Shop) -> None:
    first = await shop.says(MANAGER, "/broadcast -今晚八点 来看")
    assert "没有叫「今晚八点」的群" in first.text
    asked = await shop.says(MANAGER, f"/broadcast {TONIGHT}")
    assert asked.text == (
        f"选哪些群？点下面的，或者写群名、群标签，例如：\n/broadcast @一群\n{TONIGHT}"
    )
    assert asked.buttons == {
        "全部 3 个群": f"/broadcast @所有群\n{TONIGHT}",
        **{name: f"/broadcast @{name}\n{TONIGHT}" for name in ("一群", "二群", "三群")},
    }
    preview = await shop.presses(MANAGER, asked.buttons["全部 3 个群"])
    assert "发到 3 个群：一群、三群、二群" in preview.text
    await shop.says(MANAGER, f"/broadcast @福利群 -二群 {TONIGHT}")
    asked = await shop.says(MANAGER, "/broadcast - 清单在这里")
    label = "和上次一样：@福利群 -二群"
    assert asked.buttons[label] == "/broadcast @福利群 -二群\n- 清单在这里"
    preview = await shop.presses(MANAGER, asked.buttons[label])
    assert preview.text.startswith("要发的内容：\n- 清单在这里\n\n发到 1 个群：一群\n")
    changed = await shop.says(MANAGER, f"/broadcast @上次 @三群 {TONIGHT}")
    assert "发到 2 个群：一群、三群" in changed.text


async def test_a_group_with_blanks_in_its_name(shop: Shop) -> None:
    await shop.opens("VIP 一群")
    await shop.says(MANAGER, f'/broadcast @"VIP 一群" {TONIGHT}')
    answer = await shop.says(MANAGER, f"/broadcast @上次 {TONIGHT}")
    assert "发到 1 个群：VIP 一群" in answer.text


async def test_a_yes_comes_within_ten_minutes(shop: Shop) -> None:
    await shop.says(MANAGER, f"/broadcast @一群 {TONIGHT}")
    shop.clock.advance(CONFIRM_WITHIN)
    answer = await shop.says(MANAGER, "/confirm")
    assert answer.text == "已经过了 10 分钟，这次不算。还需要的话，请再发一次命令。"
    await shop.says(MANAGER, f"/broadcast @一群 {TONIGHT}")
    shop.clock.advance(CONFIRM_WITHIN - SECOND)
    assert "已确认" in (await shop.says(MANAGER, "/confirm")).text
    assert len(await made(shop)) == 1


async def test_only_who_was_shown_it_may_say_yes(shop: Shop) -> None:
    shop.staff.add("阿强")
    await shop.says(MANAGER, f"/broadcast @一群 {TONIGHT}")
    for name, says in (("阿强", "/confirm 1"), ("阿强", "/confirm"), ("小鱼", "/confirm 1")):
        await shop.says(name, says)
    await shop.presses("小鱼", "/confirm 1")
    assert await made(shop) == []
    await shop.says(MANAGER, "/confirm 1")
    assert len(await made(shop)) == 1


async def test_a_yes_counts_once_and_for_the_last_preview(shop: Shop) -> None:
    await shop.says(MANAGER, "/broadcast @一群 第一条")
    await shop.says(MANAGER, "/broadcast @一群 第二条")
    assert "没有等着确认的内容" in (await shop.says(MANAGER, "/confirm 1")).text
    for _ in range(3):
        await shop.says(MANAGER, "/confirm 2")
    assert [one.name for one in await made(shop)] == ["第二条"]
    await shop.delivers()
    await shop.says(MANAGER, "/confirm 2")
    await shop.delivers()
    assert shop.platform.said_in("一群") == ["第二条"]


async def test_who_drops_a_preview_cannot_confirm_it(shop: Shop) -> None:
    await shop.says(MANAGER, f"/broadcast @一群 {TONIGHT}")
    assert (await shop.says(MANAGER, "不发了")).text == "好的，不发了。"
    assert "没有等着确认的内容" in (await shop.says(MANAGER, "/confirm")).text
    assert await made(shop) == []


async def test_groups_that_changed_need_a_new_preview(shop: Shop) -> None:
    await shop.says(MANAGER, f"/broadcast @福利群 {TONIGHT}")
    await shop.says(MANAGER, "/grouptag @三群 福利群")
    answer = await shop.says(MANAGER, "/confirm")
    assert answer.text == "预览之后群有变化，没有发。请再发一次命令，看过新的预览再确认。"
    await shop.says(MANAGER, f"/broadcast @福利群 {TONIGHT}")
    await shop.closes("二群")
    assert "群有变化" in (await shop.says(MANAGER, "/confirm")).text
    assert await made(shop) == []


async def test_a_command_handled_twice_makes_one_campaign(any_shop: Shop) -> None:
    """As when the bot is killed after the work and before its command is finished."""
    shop = any_shop
    asked = await shop.orders(shop.heard(MANAGER, f"/broadcast @一群 {TONIGHT}"))
    await shop.obeys(asked)
    await shop.obeys(asked)
    yes = await shop.orders(shop.heard(MANAGER, "/confirm"))
    await shop.obeys(yes)
    await shop.obeys(yes)
    await shop.obeys(asked)
    await shop.says(MANAGER, "/confirm")
    assert len(await made(shop)) == 1
    await shop.delivers()
    assert shop.platform.said_in("一群") == [TONIGHT]


async def test_double11_counts_down_in_the_shipped_words(shop: Shop) -> None:
    preview = await shop.says(MANAGER, "/countdown 双11 @所有群")
    assert preview.text.startswith(
        "双11 倒计时 2026，一共 7 条：\n· 11-05 10:18 离双11还有6天，天干物燥"
    )
    await shop.says(MANAGER, "/confirm")
    shop.clock.advance(20 * MINUTE)
    sent = await shop.delivers()
    assert len(sent) == 3
    assert sent[0].content.text.startswith("离双11还有6天")


async def test_a_countdown_in_the_managers_own_words(shop: Shop) -> None:
    says = "/countdown 店庆 @一群"
    assert "日子要写成 双11、12-12 或 2026-12-12" in (await shop.says(MANAGER, says)).text
    preview = await shop.says(
        MANAGER, "/countdown 11月8日 @一群 离店庆还有{{ days }}天，{{ group }}见"
    )
    assert preview.text.startswith(
        "11月8日 2026，一共 3 条：\n· 11-05 10:18 离店庆还有3天，一群见\n"
    )
    await shop.says(MANAGER, "/confirm")
    shop.clock.advance(20 * MINUTE)
    assert (await shop.delivers()).text == "离店庆还有3天，一群见"


async def test_a_countdown_to_another_day_has_words_too(shop: Shop) -> None:
    preview = await shop.says(MANAGER, "/countdown 双12 @一群")
    assert "· 12-02 10:18 离双12还有 10 天。暖群小店陪大家一起等" in preview.text
    assert preview.text.count("· ") == 10
    assert "……" not in preview.text
    long = await shop.says(MANAGER, "/countdown 双12 @一群 还有 {{ days }} 天，" + "慢慢挑，" * 200)
    assert 1 <= long.text.count("· ") < 10
    assert "\n……\n" in long.text
    assert len(long.text) <= 4_096


async def test_a_festival_is_greeted(shop: Shop) -> None:
    preview = await shop.says(MANAGER, "/greet 感恩节 @一群")
    assert "日历里没有这个节日" in preview.text
    preview = await shop.says(MANAGER, "/greet 冬至 @一群")
    assert preview.text.startswith("节日问候 冬至，一共 1 条：\n· 12-22 09:42\n  A：冬至到了")
    await shop.says(MANAGER, "/confirm")
    year = await shop.says(MANAGER, "/greet @一群")
    assert "节日问候，一共 " in year.text
    assert "会代替现在的「节日问候 冬至」（编号 1）" in year.text
    answer = await shop.says(MANAGER, "/confirm")
    assert "（代替了先前的 1 个）" in answer.text
    again = await shop.says(MANAGER, "/greet 春节 @一群")
    assert again.text == "全年问候已经开着（编号 2），春节也包括在内，就不另发了。"


async def test_without_groups_a_greeting_and_a_countdown_ask_back(shop: Shop) -> None:
    for opening in ("/greet 春节", "/countdown 双11"):
        asked = await shop.says(MANAGER, opening)
        names = ("一群", "二群", "三群")
        each = {name: f"{opening} @{name}" for name in names}
        assert asked.buttons == {"全部 3 个群": f"{opening} @所有群", **each}
    assert "一共 7 条" in (await shop.presses(MANAGER, "/countdown 双11 @所有群")).text


async def test_a_year_of_greetings_in_english_speaks_english(opened: Opener) -> None:
    shop = await opened(language="en", name="Dew", managers=("room:id-Amy",))
    await shop.opens("main")
    asked = await shop.says("Amy", "/greet spring-festival", group="main")
    preview = await shop.presses("Amy", asked.buttons["All groups (1)"])
    assert preview.text.startswith("Festival greetings Chinese New Year, posts: 1\n")


async def test_the_plan_shows_what_is_approved_and_what_could_be(shop: Shop) -> None:
    before = await shop.says(MANAGER, "/plan 6")
    assert before.text.startswith(
        "接下来 6 天会发：\n还没有安排。\n\n"
        "现成的、还没启用的（要启用就发 /programme）：\n"
        "· 11-05 10:18 双11 倒计时 2026（所有群）离双11还有6天"
    )
    await shop.says(MANAGER, "/countdown 双11 @福利群 -二群")
    await shop.says(MANAGER, "/confirm")
    after = await shop.says(MANAGER, "/plan 6")
    assert after.text.startswith(
        "接下来 6 天会发：\n· 11-05 10:18 #1 双11 倒计时 2026（@福利群 -二群）离双11还有6天"
    )
    assert "现成的" not in after.text


async def test_a_cancelled_campaign_sends_nothing_more(shop: Shop) -> None:
    await shop.says(MANAGER, "/countdown 双11 @一群")
    await shop.says(MANAGER, "/confirm")
    shop.clock.advance(10 * MINUTE)
    await shop.desk.planner.plan_ahead()
    asked = await shop.says(MANAGER, "取消 #1", group=None)
    assert asked.text == (
        "「双11 倒计时 2026」还有 7 条要发（下一条 11-05 10:18）。取消了就都不发，也恢复不了。\n"
        "只想先停一停，发 /pause 1，马上就停，还能恢复。\n"
        "真的取消，10 分钟内发 /confirm 2；不取消，发 /dismiss。"
    )
    assert asked.buttons == {"确认取消": "/confirm 2", "先暂停": "/pause 1", "不取消": "/dismiss"}
    assert await state_counts(shop) == {"planned": 1}
    answer = await shop.presses(MANAGER, asked.buttons["确认取消"])
    assert answer.text == "「双11 倒计时 2026」已取消，7 条待发的不再发。"
    shop.clock.advance(DAY)
    assert not await shop.delivers()
    assert await state_counts(shop) == {"cancelled": 1}
    answer = await shop.says(MANAGER, "/cancel 1")
    assert answer.text == "「双11 倒计时 2026」已经结束了，没有要取消的。"


async def test_who_does_not_cancel_after_all_loses_nothing(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says(MANAGER, "/countdown 双11 @一群")
    await shop.says(MANAGER, "/confirm")
    (campaign,) = await made(shop)
    asked = await shop.says(MANAGER, f"/cancel {campaign.id}", group=None)
    assert (await shop.presses(MANAGER, asked.buttons["不取消"])).text == "好的，那就不动它。"
    assert "没有等着确认" in (await shop.presses(MANAGER, asked.buttons["确认取消"])).text
    shop.clock.advance(20 * MINUTE)
    assert len(await shop.delivers()) == 1
    # What has left can be taken back, and only then is that offered.
    await shop.says(MANAGER, f"/cancel {campaign.id}")
    orders = await shop.orders(shop.heard(MANAGER, "/confirm", group=None))
    assert (await shop.obeys(orders)).text == (
        "「双11 倒计时 2026」已取消，6 条待发的不再发。"
        f"已经发出的，可用 /recall {campaign.id} 撤回。"
    )
    assert "没有要取消的" in (await shop.obeys(orders)).text


async def test_a_round_cancelled_before_it_is_posted_is_over(shop: Shop) -> None:
    await shop.says(MANAGER, "/poll @一群 先上哪个 | 栀子 | 白茶", group=None)
    await shop.says(MANAGER, "/confirm", group=None)
    assert "已取消，1 条待发的不再发。" in (await shop.says(MANAGER, "/cancel 1")).text
    assert "已经取消" in (await shop.says(MANAGER, "/poll 1", group=None)).text
    assert not await shop.delivers()


async def test_a_halt_stops_posts_and_not_answers(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says(MANAGER, f"/broadcast @一群 {TONIGHT}")
    await shop.says(MANAGER, "/confirm")
    halted = await shop.says(MANAGER, "急停")
    assert halted.addresses == [in_group("一群")]
    assert halted.text == "已急停：所有群发、倒计时、问候都停了。要恢复，发 /resume。"
    assert (await shop.says(MANAGER, "/halt")).text == "已经是急停状态。要恢复，发 /resume。"
    assert not await shop.delivers()
    assert not await shop.joins("小鱼")
    assert (await shop.says("小鱼", "/help")).text
    assert (await shop.says(MANAGER, "恢复")).text == "已恢复发送，过了时间的不会补发。"
    assert (await shop.delivers()).text == TONIGHT


async def test_what_is_past_its_time_when_sending_goes_on_is_skipped(shop: Shop) -> None:
    await shop.says(MANAGER, f"/broadcast @一群 {TONIGHT}")
    await shop.says(MANAGER, "/confirm")
    await shop.says(MANAGER, "/halt")
    await shop.delivers()
    shop.clock.advance(DAY)
    await shop.says(MANAGER, "/resume")
    assert not await shop.delivers()
    assert await state_counts(shop) == {"skipped": 1}


async def test_a_recall_takes_back_what_it_can_and_lists_the_rest(any_shop: Shop) -> None:
    shop = any_shop
    await shop.says(MANAGER, f"/broadcast @所有群 {TONIGHT}")
    await shop.says(MANAGER, "/confirm")
    await shop.delivers()
    shop.platform.keeps[in_group("二群")] = Unable("too old")
    shop.platform.keeps[in_group("三群")] = AddressGone("kicked")
    (campaign,) = await made(shop)
    answer = await shop.says(MANAGER, f"/recall {campaign.id}")
    assert answer.text == "已从 1 个群撤回「今晚八点直播」。\n这些群没能撤回：三群、二群"
    assert [one.address for one in shop.platform.deleted] == [in_group("一群")]
    shop.platform.keeps.clear()
    again = await shop.says(MANAGER, f"撤回 {campaign.id}")
    assert again.text == "已从 2 个群撤回「今晚八点直播」。"
    assert "没有可以撤回的消息" in (await shop.says(MANAGER, f"/recall {campaign.id}")).text


async def test_the_newest_post_of_a_campaign_is_pinned_where_the_platform_does_it(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await shop.says(MANAGER, f"/broadcast @所有群 {TONIGHT}")
    await shop.says(MANAGER, "/confirm")
    await shop.delivers()
    shop.platform.keeps[in_group("二群")] = Unable("no such thing")
    (campaign,) = await made(shop)
    answer = await shop.says(MANAGER, f"/pin {campaign.id}")
    assert answer.text == "已在 2 个群置顶「今晚八点直播」。\n这些群没能置顶：二群"
    assert sorted(str(one.address) for one in shop.platform.pinned) == sorted(
        str(in_group(name)) for name in ("一群", "三群")
    )
    assert "置顶了" in (await shop.says(MANAGER, "/audit")).text


async def test_a_recall_stops_what_is_still_planned_first(shop: Shop) -> None:
    await shop.says(MANAGER, f"/broadcast @所有群 {TONIGHT}")
    await shop.says(MANAGER, "/confirm")
    shop.platform.refuses[in_group("二群")] = TooFast(60 * MINUTE)
    await shop.delivers()
    assert (await state_counts(shop)) == {"sent": 2, "planned": 1}
    assert "已从 2 个群撤回" in (await shop.says(MANAGER, "撤回 1")).text
    assert (await state_counts(shop)) == {"sent": 2, "cancelled": 1}


async def test_a_recall_run_again_after_a_crash_takes_nothing_back_twice(shop: Shop) -> None:
    await shop.says(MANAGER, f"/broadcast @一群 {TONIGHT}")
    await shop.says(MANAGER, "/confirm")
    await shop.delivers()
    orders = await shop.orders(shop.heard(MANAGER, "撤回 1", group=None))
    assert "「今晚八点直播」" in (await shop.obeys(orders)).text
    assert (await shop.obeys(orders)).text == "没有可以撤回的消息。"
    assert len(shop.platform.deleted) == 1


async def test_a_broadcast_that_is_put_off_can_still_be_cancelled(shop: Shop) -> None:
    await shop.says(MANAGER, f"/broadcast @一群 {TONIGHT}")
    await shop.says(MANAGER, "/confirm")
    shop.platform.refuses[in_group("一群")] = TooFast(5 * MINUTE)
    await shop.delivers()
    (campaign,) = await made(shop)
    assert "已取消，1 条待发的不再发" in (await shop.says(MANAGER, f"/cancel {campaign.id}")).text
    assert "没有要取消的" in (await shop.says(MANAGER, f"/cancel {campaign.id}")).text


async def test_a_preview_survives_a_restart(shop: Shop) -> None:
    await shop.says(MANAGER, f"/broadcast @一群 {TONIGHT}")
    again = await open_shop(shop.desk.database, ShopSettings())
    await again.hear(again.heard(MANAGER, "/confirm", message="after-the-restart"))
    assert (await again.delivers()).text == TONIGHT
