"""Words that the wording rules hold back: shown, refused at the yes, let pass by name."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from handlers.notices import deliver
from scheduler.notices import WordingHeld
from scheduler.wording_rules import check, rules_for
from storage import approvals, audit, campaigns, confirmations, deliveries
from storage.audiences import Audience
from storage.campaigns import CampaignState, NewCampaign, StoredCampaign
from storage.database import Database
from storage.deliveries import DeliveryState
from tests.handlers.programme_scenes import shop_with_sale
from tests.handlers.shop import MANAGER, MINUTE, NOW, Answers, Opener, Shop

BAD = "全网最好用的面霜，今晚八点"
GOOD = "很多朋友回购的面霜，今晚八点"


async def preview(shop: Shop, text: str = BAD) -> Answers:
    return await shop.says(MANAGER, f"/broadcast @一群 {text}", group=None)


def number_in(call: str) -> int:
    return int(call.rsplit(" ", 1)[1])


async def stored(shop: Shop, number: int) -> StoredCampaign:
    async with shop.desk.database.reading() as connection:
        found = await campaigns.by_id(connection, number)
    assert found is not None
    return found


async def logged(shop: Shop) -> list[audit.Entry]:
    async with shop.desk.database.reading() as connection:
        return [one for one in await audit.latest(connection, 50) if one.action == "override"]


async def draft(shop: Shop, text: str = BAD, at: datetime = NOW) -> StoredCampaign:
    """A campaign that the bot drafted by itself: nobody has previewed it."""
    async with shop.desk.database.writing() as connection:
        return await campaigns.create(
            connection,
            shop.desk.shop_id,
            NewCampaign(
                key="drafted",
                programme="arrivals",
                name="上新",
                schedule={"kind": "once", "at": "2026-11-05T10:05"},
                zone="Asia/Shanghai",
                valid_seconds=7200,
                audience=Audience(),
                body={"content": {"text": text}},
                created_by="bot",
                created_at=at,
            ),
            state=CampaignState.DRAFT,
        )


async def test_a_preview_names_the_words_and_what_to_write_instead(shop: Shop) -> None:
    shown = await preview(shop)
    assert "措辞：\n✗ 广告里不能说“全网最”这样绝对化的话" in shown.text
    assert "说具体的" in shown.text
    assert list(shown.buttons) == ["没问题，放行", "不发了"]


async def test_a_warning_is_shown_and_holds_nothing_back(shop: Shop) -> None:
    shown = await preview(shop, "看这里 https://else.example/1")
    assert "！链接去往 else.example" in shown.text
    assert list(shown.buttons) == ["确认发送", "不发了"]


async def test_what_is_fine_has_no_line_about_its_wording(shop: Shop) -> None:
    assert "措辞" not in (await preview(shop, GOOD)).text


async def test_the_yes_is_refused_until_it_is_let_pass(shop: Shop) -> None:
    number = number_in((await preview(shop)).buttons["没问题，放行"])
    refused = await shop.says(MANAGER, f"/confirm {number}", group=None)
    assert "先没有发，措辞要改一下：\n✗" in refused.text
    assert refused.buttons == {"没问题，放行": f"/override {number}"}
    assert not await logged(shop)
    passed = await shop.says(MANAGER, f"/override {number}", group=None)
    assert "全网最" in passed.text
    confirmed = await shop.presses(MANAGER, passed.buttons["确认发送"])
    assert "已确认" in confirmed.text
    assert [post.content.text for post in await shop.delivers()] == [BAD]


async def test_an_override_is_in_the_audit_log(shop: Shop) -> None:
    number = number_in((await preview(shop)).buttons["没问题，放行"])
    await shop.says(MANAGER, f"/放行 {number}", group=None)
    (entry,) = await logged(shop)
    assert entry.details == {"rules": ["superlative"], "words": ["全网最"]}
    assert entry.actor.endswith(MANAGER)
    await shop.says(MANAGER, f"/confirm {number}", group=None)
    assert (
        "阿玲 放行了「全网最好用的面霜，今晚八点」的措辞：全网最"
        in (await shop.says(MANAGER, "/audit", group=None)).text
    )


async def test_only_what_was_shown_last_can_be_let_pass_and_only_in_time(shop: Shop) -> None:
    first = number_in((await preview(shop)).buttons["没问题，放行"])
    second = number_in((await preview(shop, "转发领红包")).buttons["没问题，放行"])
    nothing = "没有因为措辞被拦下的内容"
    assert nothing in (await shop.says(MANAGER, f"/override {first}", group=None)).text
    shop.clock.advance_to(NOW + 11 * MINUTE)
    assert nothing in (await shop.says(MANAGER, f"/override {second}", group=None)).text
    assert not await logged(shop)


async def test_nothing_is_let_pass_that_nothing_holds_back(shop: Shop) -> None:
    shown = await preview(shop, GOOD)
    number = number_in(shown.buttons["确认发送"])
    for call in (f"/override {number}", "/override campaign 77", "/override 77"):
        assert "没有因为措辞被拦下的内容" in (await shop.says(MANAGER, call, group=None)).text


async def test_fans_cannot_let_anything_pass(shop: Shop) -> None:
    number = number_in((await preview(shop)).buttons["没问题，放行"])
    await shop.says("小鱼", f"/override {number}", group=None)
    assert not await logged(shop)


async def test_a_wrong_argument_is_answered_with_the_right_one(shop: Shop) -> None:
    assert "/override campaign 12" in (await shop.says(MANAGER, "/override 这个", group=None)).text


async def test_an_edit_is_checked_anew_and_keeps_no_override(shop: Shop) -> None:
    made = await draft(shop)
    await shop.says(MANAGER, f"/override campaign {made.id}", group=None)
    shown = await shop.says(MANAGER, f"/edit {made.id} 全网最便宜的面霜", group=None)
    assert "“全网最”" in shown.text
    refused = await shop.says(MANAGER, "/confirm", group=None)
    await shop.presses(MANAGER, refused.buttons["没问题，放行"])
    await shop.says(MANAGER, "/confirm", group=None)
    assert (await stored(shop, made.id)).state is CampaignState.APPROVED
    assert len(await logged(shop)) == 2


async def test_a_countdowns_every_text_is_looked_at(shop: Shop) -> None:
    shown = await shop.says(
        MANAGER, "/countdown 11-20 @一群 还有 {{ days }} 天，转发领红包", group=None
    )
    assert "没问题，放行" in shown.buttons


async def test_a_draft_is_shown_with_its_hits_and_not_approved_with_them(shop: Shop) -> None:
    made = await draft(shop)
    waiting = await shop.says(MANAGER, "/waiting", group=None)
    assert "✗ 广告里不能说“全网最”" in waiting.text
    refused = await shop.says(MANAGER, f"/approve {made.id}", group=None)
    assert refused.buttons == {"没问题，放行": f"/override campaign {made.id}"}
    assert (await stored(shop, made.id)).state is CampaignState.DRAFT
    passed = await shop.presses(MANAGER, refused.buttons["没问题，放行"])
    assert passed.buttons["批准"] == f"/approve {made.id} 2"
    await shop.presses(MANAGER, passed.buttons["批准"])
    assert (await stored(shop, made.id)).state is CampaignState.APPROVED
    (entry,) = await logged(shop)
    assert entry.subject == "drafted"


async def test_words_that_became_wrong_are_held_back_and_told_once(shop: Shop) -> None:
    """Whoever approved them past the commands: the sender's feed looks last."""
    made = await draft(shop)
    async with shop.desk.database.writing() as connection:
        await approvals.approve(
            connection,
            made.id,
            version=made.version_id,
            state=CampaignState.APPROVED,
            by="bot",
            at=NOW,
        )
    shop.clock.advance_to(NOW + 6 * MINUTE)
    assert not await shop.delivers()
    async with shop.desk.database.reading() as connection:
        assert (await deliveries.counts(connection, made.id))[DeliveryState.SKIPPED] == 3
    assert not shop.notices.empty


async def test_it_is_said_in_english_too(opened: Opener) -> None:
    shop = await opened(language="en")
    await shop.opens("一群")
    shown = await preview(shop, "the best offer: forward it, 转发领红包")
    assert "Wording:\n✗ sharing and inviting may not be rewarded" in shown.text


async def test_staff_hear_once_what_was_held_back_and_how_to_go_on(shop: Shop) -> None:
    made = await draft(shop)
    (hit, *_) = check(BAD, rules_for("room", ("cosmetics",)))
    await shop.says(MANAGER, "/help", group=None)  # the bot knows how to reach her
    for _ in range(2):
        await deliver(shop.desk, WordingHeld(made.id, (hit,)))
    told = [post.content.text for post in shop.platform.posts if "没发出去" in post.content.text]
    assert len(told) == 1
    assert f"「上新」（编号 {made.id}）没发出去：\n✗ 广告里不能说“全网最”" in told[0]
    assert f"/override campaign {made.id}" in told[0]
    await deliver(shop.desk, WordingHeld(made.id + 1, (hit,)))  # a campaign that is gone


async def test_a_preview_can_be_changed_only_while_it_waits(shop: Shop) -> None:
    number = number_in((await preview(shop, GOOD)).buttons["确认发送"])
    await shop.says(MANAGER, f"/confirm {number}", group=None)
    async with shop.desk.database.writing() as connection:
        await confirmations.amend(connection, number, {"changed": True})
        shown = await confirmations.latest(connection, (await shop.member(MANAGER)).id)
    assert shown is not None
    assert "changed" not in shown.body


async def test_a_programme_is_held_back_until_its_words_are_let_pass(
    sqlite: Database, tmp_path: Path
) -> None:
    shop = await shop_with_sale(sqlite, tmp_path / "programmes")
    shown = await shop.says(MANAGER, "/programme on sale @所有群 赠品=全网最好的小样", group=None)
    assert "✗ 广告里不能说“全网最”" in shown.text
    refused = await shop.says(MANAGER, "/confirm", group=None)
    assert refused.text.startswith("先没有发")
    await shop.presses(MANAGER, shown.buttons["没问题，放行"])
    on = await shop.says(MANAGER, "/confirm", group=None)
    assert "开好了" in on.text
    (entry,) = await logged(shop)
    assert entry.subject == "sale:2026"
    shop.clock.advance_to(NOW.replace(day=6, hour=2, minute=30))
    assert [post.content.text for post in await shop.delivers()] == [
        "还有 6 天，买就送全网最好的小样。"
    ] * 3
