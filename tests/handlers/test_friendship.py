"""Who asks to be a friend: granted by the account's rule, or by a manager; welcomed once."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import select, update

from handlers.befriending import TRIES, WELCOME_WITHIN
from handlers.events import AccountChanged, AccountState, FriendAsked, ReachChanged
from handlers.friendship import admits
from scheduler.courier import (
    AccountDown,
    AddressGone,
    NothingSent,
    Outcome,
    TooFast,
    Unable,
    Unclear,
)
from storage import friendships, staff_chats
from storage.account_stops import Stop, lift_stop, stop_account
from storage.accounts import State, note_state
from storage.friendships import Admits, FriendRequest, FriendRule
from storage.lanes import hold_lanes
from storage.merging import hold_people, merge_members
from storage.seats import heard_through
from storage.shops import set_halt
from storage.tables import accounts, friend_requests, members
from tests.handlers.shop import (
    ACCOUNT,
    DAY,
    LONG,
    MANAGER,
    MINUTE,
    PLATFORM,
    SECOND,
    Answers,
    Opener,
    Shop,
    in_group,
    in_private,
)


@dataclass(frozen=True, slots=True)
class Friends:
    """What happens between a shop's account and people who want to be its friends."""

    shop: Shop

    async def ask(self, *names: str, words: str = "", request: str = "") -> Answers:
        """People ask, and what follows is done; what the bot says about it."""
        await self.shop.dispatcher.hear(
            [
                FriendAsked(
                    ACCOUNT,
                    self.shop._next(),
                    self.shop.clock.now(),
                    request or f"ask-{name}",
                    self.shop.person(name),
                    words,
                )
                for name in names
            ]
        )
        return await self.settle()

    async def confirm(self, name: str) -> Answers:
        """The platform says that somebody is a friend now, by whosever hand."""
        await self.shop.dispatcher.hear(
            [
                ReachChanged(
                    ACCOUNT,
                    self.shop._next(),
                    self.shop.clock.now(),
                    self.shop.person(name),
                    reachable=True,
                )
            ]
        )
        return await self.settle()

    async def settle(self) -> Answers:
        """What is stored is carried out; what the bot says."""
        before = len(self.shop.platform.posts)
        await self.shop.dispatcher.settle_requests()
        return Answers(self.shop.platform.posts[before:])

    async def rule(self, text: str) -> str:
        """A manager gives the account a rule; the answer."""
        await self.shop.says(MANAGER, "早", group=None)
        return (await self.shop.says(MANAGER, f"/befriend {text}", group=None)).text

    async def number(self, name: str) -> int:
        """The number of the request of somebody who waits."""
        return next(one.id for one in await self.waiting() if one.name == name)

    async def says(self, text: str) -> str:
        """A manager says something in private; the answer."""
        return (await self.shop.says(MANAGER, text, group=None)).text

    async def waiting(self) -> list[FriendRequest]:
        async with self.shop.desk.database.reading() as connection:
            return await friendships.waiting(connection)

    async def open(self) -> list[str]:
        """Whose requests were granted and are not finished."""
        async with self.shop.desk.database.reading() as connection:
            return [one.name for one in await friendships.granted(connection, ACCOUNT)]

    async def halt(self, *, halted: bool) -> None:
        async with self.shop.desk.database.writing() as connection:
            now = self.shop.clock.now() if halted else None
            await set_halt(connection, self.shop.desk.shop_id, now)

    @property
    def made(self) -> list[str]:
        """Whose requests the platform was asked to grant."""
        return [one.request for one in self.shop.platform.befriended]

    @property
    def brought(self) -> list[tuple[str | None, str]]:
        """Who was brought into which chat."""
        return [(one.address.group, one.person) for one in self.shop.platform.admitted]

    def said_to(self, name: str) -> list[str]:
        posts = self.shop.platform.posts
        return [one.content.text for one in posts if one.address == in_private(name)]


async def online(shop: Shop) -> Friends:
    """The shop's account as one that was logged in, and so can make friends."""
    at = shop.clock.now()
    await shop.hear(AccountChanged(ACCOUNT, "0", at, AccountState.ONLINE))
    return Friends(shop)


@pytest.fixture
async def friends(shop: Shop) -> Friends:
    """On SQLite."""
    return await online(shop)


@pytest.fixture
async def any_friends(any_shop: Shop) -> Friends:
    """On both engines."""
    return await online(any_shop)


# The rule


@pytest.mark.parametrize(
    ("rule", "words", "granted"),
    [
        (FriendRule(), "暖暖", False),
        (FriendRule(Admits.EVERYONE), "", True),
        (FriendRule(Admits.WHO_SAYS, "暖暖"), "我是小鱼，暗号暖暖！", True),
        (FriendRule(Admits.WHO_SAYS, "Nuan 11"), "暗号是 ｎｕａｎ１１ 吧", True),
        (FriendRule(Admits.WHO_SAYS, "暖暖"), "我是小鱼", False),
        (FriendRule(Admits.WHO_SAYS, "暖暖"), "", False),
        (FriendRule(Admits.WHO_SAYS, " "), "什么", False),
        (FriendRule(Admits.WHO_SAYS), "什么", False),
    ],
)
def test_a_rule_grants(rule: FriendRule, words: str, *, granted: bool) -> None:
    assert admits(rule, words) is granted


async def test_without_a_rule_the_managers_are_asked_once(any_friends: Friends) -> None:
    friends = any_friends
    await friends.shop.says(MANAGER, "早", group=None)
    told = await friends.ask("小鱼", words="我是\n 群里的小鱼")
    assert told.addresses == [in_private(MANAGER)]
    assert told.text == "小鱼 想加账号 room 为好友。留言：「我是 群里的小鱼」"
    (one,) = await friends.waiting()
    assert told.buttons == {"通过": f"/makefriend {one.id}", "拒绝": f"/nofriend {one.id}"}
    assert friends.made == []
    assert not await friends.ask("小鱼")
    assert not await friends.settle()


async def test_everyone_is_made_a_friend_welcomed_and_brought_in_once(
    any_friends: Friends,
) -> None:
    friends = any_friends
    assert await friends.rule("所有人 @一群") == (
        "好的，账号 room：谁加好友都通过。成了好友就请进「一群」。"
    )
    told = await friends.ask("小鱼", "小美")
    assert friends.made == ["ask-小鱼", "ask-小美"]
    assert [one.address for one in friends.shop.platform.befriended] == [
        in_private("小鱼"),
        in_private("小美"),
    ]
    assert told.addresses == [in_private("小鱼"), in_private("小美")]
    assert told[0].content.text == (
        "你好，小鱼，我是暖群小店的群助手，很高兴认识你！\n"
        "我这就请你进「一群」，新品和活动都在那里聊。\n"
        "想知道我会做什么，发 /help；不想收营销消息，发 /optout。"
    )
    assert friends.brought == [("chat-一群", "id-小鱼"), ("chat-一群", "id-小美")]
    assert not await friends.confirm("小鱼")
    assert not await friends.settle()
    assert len(friends.brought) == len(friends.made) == 2
    assert await friends.open() == []


async def test_a_new_friend_can_be_written_to(any_friends: Friends) -> None:
    friends = any_friends
    await friends.rule("所有人")
    await friends.ask("小鱼")
    who = await friends.shop.member("小鱼")
    async with friends.shop.desk.database.reading() as connection:
        assert await heard_through(connection, who.id) == [ACCOUNT]
        rows = await connection.execute(select(members.c.started_at).where(members.c.id == who.id))
        assert rows.scalar_one() == friends.shop.clock.now()


async def test_who_says_the_agreed_words_is_made_a_friend(any_friends: Friends) -> None:
    friends = any_friends
    answer = await friends.rule('暗号 "暖 暖" room')
    assert answer == "好的，账号 room：留言里写了「暖 暖」的直接通过，其他人问管理员。"
    told = await friends.ask("小鱼", words="暖暖你好")
    assert friends.made == ["ask-小鱼"]
    assert told.addresses == [in_private("小鱼")]
    assert "请你进" not in told.text
    assert friends.brought == []
    assert (await friends.ask("小美", words="你好")).addresses == [in_private(MANAGER)]
    told = await friends.ask("小美", words="啊，是暖暖", request="again")
    assert told.addresses == [in_private("小美")]
    assert friends.made == ["ask-小鱼", "again"]


async def test_a_rule_holds_for_who_waits_already(friends: Friends) -> None:
    await friends.ask("小鱼", words="暖暖")
    await friends.ask("小美", words="你好")
    assert (await friends.rule("暗号 暖暖")).endswith("等着的 1 位这就通过。")
    await friends.settle()
    assert friends.made == ["ask-小鱼"]
    assert [one.name for one in await friends.waiting()] == ["小美"]


async def test_what_who_wants_no_record_says_is_heard_and_not_kept(friends: Friends) -> None:
    await friends.shop.says("小鱼", "/norecord")
    await friends.shop.says("小美", "/norecord")
    await friends.rule("暗号 暖暖")
    await friends.ask("小鱼", words="暖暖")
    await friends.ask("小美", words="我住在二楼")
    assert friends.made == ["ask-小鱼"]
    assert [(one.name, one.words) for one in await friends.waiting()] == [("小美", "")]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "要说清楚谁能加好友"),
        ("熟人", "要说清楚谁能加好友"),
        ("暗号", "还没写暗号是什么"),
        ("暗号 @一群", "还没写暗号是什么"),
        ("所有人 @福利群", "只能请进一个群"),
        ("所有人 @九群", "没有叫「九群」"),
        ("所有人 wechat:shop", "没有叫 wechat:shop 的账号。有这些：room"),
    ],
)
async def test_a_rule_must_make_sense(friends: Friends, text: str, answer: str) -> None:
    assert answer in await friends.rule(text)
    async with friends.shop.desk.database.reading() as connection:
        assert await friendships.rules(connection) == {}


async def test_new_friends_can_only_be_brought_where_the_account_sits(friends: Friends) -> None:
    desk = friends.shop.desk
    senders = {**desk.senders, "room:2": desk.senders[ACCOUNT]}
    object.__setattr__(desk, "senders", senders)
    async with desk.database.writing() as connection:
        state = State(AccountState.ONLINE, friends.shop.clock.now())
        await note_state(connection, "room:2", "room", state)
    assert "账号 room:2 不在「一群」里" in await friends.rule("所有人 room:2 @一群")


async def test_only_accounts_that_are_logged_in_by_somebody_make_friends(friends: Friends) -> None:
    desk = friends.shop.desk
    other = {**desk.senders, "telegram:shop": desk.senders[ACCOUNT]}
    object.__setattr__(desk, "senders", other)
    answer = await friends.rule("所有人 Telegram:shop")
    assert answer == "账号 telegram:shop 没有加好友这回事。写上是哪个账号：room"
    async with desk.database.writing() as connection:
        await connection.execute(update(accounts).values(state=None))
    assert "现在没有能加好友的账号" in await friends.rule("所有人")


async def test_a_rule_without_a_group_says_that_friends_are_brought_there_no_more(
    friends: Friends,
) -> None:
    await friends.rule("所有人 @一群")
    assert "新朋友不再请进「一群」" in await friends.rule("暗号 暖暖")
    assert "新朋友" not in await friends.rule("人工")


async def test_two_wishes_of_one_person_become_one(any_friends: Friends) -> None:
    friends = any_friends
    await friends.ask("小鱼")
    await friends.ask("阿鱼")
    desk = friends.shop.desk
    rows = {one.name: one.member_id for one in await friends.waiting()}
    first, second = rows["小鱼"], rows["阿鱼"]
    async with desk.database.writing() as connection:
        await hold_lanes(connection)
        await hold_people(connection, [first, second])
        await merge_members(connection, second, first, friends.shop.clock.now())
    (left,) = await friends.waiting()
    assert left.request == "ask-阿鱼"
    await friends.ask("阿鱼", request="third")
    (left,) = await friends.waiting()
    assert left.request == "third"


async def test_a_rule_is_in_the_audit_log_and_in_the_list(friends: Friends) -> None:
    for text in ("所有人", "暗号 暖暖 @一群", "人工"):
        await friends.rule(text)
    log = await friends.says("/audit")
    assert f"{MANAGER} 让加账号 room 好友的都直接通过" in log
    assert f"{MANAGER} 让说对暗号的直接加账号 room 为好友" in log
    assert f"{MANAGER} 让加账号 room 好友的都问管理员" in log
    shown = await friends.says("/friends")
    assert shown == "现在没有人在等着加好友。\n账号 room：谁加好友都问管理员。"


# A manager's word


async def test_a_manager_grants(any_friends: Friends) -> None:
    friends = any_friends
    await friends.ask("小鱼")
    number = await friends.number("小鱼")
    assert await friends.says(f"/makefriend {number}") == "好的，这就加 小鱼 为好友。"
    assert (await friends.settle()).addresses == [in_private("小鱼")]
    assert friends.made == ["ask-小鱼"]
    again = await friends.says(f"/nofriend {number}")
    assert again == f"小鱼 的好友申请已经通过了（{MANAGER}）。"
    log = await friends.says("/audit")
    assert f"{MANAGER} 同意加 小鱼 为好友" in log


async def test_a_manager_refuses_and_nobody_hears_of_it(any_friends: Friends) -> None:
    friends = any_friends
    await friends.ask("小鱼")
    number = await friends.number("小鱼")
    assert await friends.says(f"/nofriend {number}") == "好的，不加 小鱼 为好友。"
    assert not await friends.settle()
    assert not await friends.confirm("小鱼")
    assert friends.made == []
    again = await friends.says(f"/makefriend {number}")
    assert again == f"小鱼 的好友申请已经拒绝了（{MANAGER}）。"
    assert "没同意加 小鱼 为好友" in await friends.says("/audit")


async def test_who_waits_is_listed_with_buttons(friends: Friends) -> None:
    await friends.ask(*(f"粉丝{number}" for number in range(5)), words="你好")
    shown = await friends.shop.says(MANAGER, "/friends", group=None)
    assert shown.text.splitlines()[:2] == [
        "有 5 位想加好友：",
        "1. 粉丝0 加账号 room，11-05 10:00 留言：「你好」",
    ]
    assert shown.buttons["通过 粉丝3"] == "/makefriend 4"
    assert shown.buttons["下一页"] == "/friends p2"
    assert "粉丝4" in await friends.says("/friends p2")


async def test_several_who_wait_are_told_of_at_once(friends: Friends) -> None:
    await friends.shop.says(MANAGER, "早", group=None)
    told = await friends.ask(*(f"粉丝{number}" for number in range(7)))
    assert told.text == (
        "有 7 位想加账号 room 为好友：粉丝0、粉丝1、粉丝2、粉丝3、粉丝4、等 7 个。"
    )
    assert told.buttons == {"看申请": "/friends"}


async def test_the_staff_of_the_group_they_are_brought_into_are_told(friends: Friends) -> None:
    shop = friends.shop
    chat, group = await shop.group("三群"), await shop.group("一群")
    async with shop.desk.database.writing() as connection:
        await staff_chats.tie(connection, chat.id, [group.id])
    await shop.says(MANAGER, "早", group="三群")
    await friends.rule("人工 @一群")
    assert (await friends.ask("小鱼")).addresses == [in_group("三群")]


async def test_a_number_that_is_none_is_said_to_be_none(friends: Friends) -> None:
    assert "没有编号 9 的好友申请" in (await friends.shop.says(MANAGER, "/makefriend 9")).text


async def test_fans_decide_nothing(friends: Friends) -> None:
    await friends.ask("小鱼")
    for text in ("/makefriend 1", "/nofriend 1", "/friends", "/befriend 所有人"):
        assert "我还不会" in (await friends.shop.says("小美", text)).text
    assert [one.decided for one in await friends.waiting()] == [None]


# What the platform says


@pytest.mark.parametrize(
    "outcome", [NothingSent("refused"), TooFast(SECOND), AccountDown("logged out")]
)
async def test_what_was_certainly_not_done_is_done_later(
    any_friends: Friends, outcome: Outcome
) -> None:
    friends = any_friends
    await friends.rule("所有人 @一群")
    for refusing in (in_private("小鱼"), in_group("一群")):
        friends.shop.platform.refuses = {refusing: outcome}
        await friends.ask("小鱼")
        friends.shop.clock.advance(MINUTE)
    friends.shop.platform.refuses = {}
    friends.shop.clock.advance(LONG)
    await friends.settle()
    await friends.settle()
    assert friends.made == ["ask-小鱼"]
    assert len(friends.said_to("小鱼")) == 1
    assert friends.brought == [("chat-一群", "id-小鱼")]


async def test_what_one_meets_the_others_are_spared(friends: Friends) -> None:
    await friends.rule("所有人")
    friends.shop.platform.refuses = {in_private("小鱼"): AccountDown("logged out")}
    await friends.ask("小鱼", "小美")
    assert friends.made == []
    friends.shop.platform.refuses = {}
    friends.shop.clock.advance(LONG)
    await friends.settle()
    assert friends.made == ["ask-小鱼", "ask-小美"]


async def test_what_one_chat_meets_holds_up_nobody_else(friends: Friends) -> None:
    await friends.rule("所有人")
    friends.shop.platform.refuses = {in_private("小鱼"): TooFast(MINUTE)}
    await friends.ask("小鱼", "小美")
    assert friends.made == ["ask-小美"]
    assert await friends.open() == ["小鱼"]


async def test_what_the_platform_will_not_grant_is_left_to_people(any_friends: Friends) -> None:
    friends = any_friends
    await friends.rule("所有人 @一群")
    friends.shop.platform.refuses = {in_private("小鱼"): Unable("request is too old")}
    told = await friends.ask("小鱼")
    assert told.addresses == [in_private(MANAGER)]
    assert "没能加 小鱼 为好友（账号 room）：request is too old。" in told.text
    friends.shop.platform.refuses = {}
    friends.shop.clock.advance(LONG)
    assert not await friends.settle()
    # Somebody of the shop accepts on the phone.
    assert (await friends.confirm("小鱼")).addresses == [in_private("小鱼")]
    assert friends.made == []
    assert friends.brought == [("chat-一群", "id-小鱼")]


async def test_without_an_answer_it_is_tried_some_times_and_then_told(friends: Friends) -> None:
    await friends.rule("所有人")
    friends.shop.platform.refuses = {in_private("小鱼"): Unclear("no_answer")}
    assert not await friends.ask("小鱼")
    for _ in range(TRIES - 2):
        assert not await friends.settle()
    assert "平台没有回音" in (await friends.settle()).text
    assert not await friends.settle()
    friends.shop.platform.refuses = {}
    assert (await friends.confirm("小鱼")).addresses == [in_private("小鱼")]


async def test_who_is_accepted_by_hand_does_not_wait_and_is_welcomed(friends: Friends) -> None:
    await friends.rule("人工 @一群")
    await friends.ask("小鱼")
    assert (await friends.confirm("小鱼")).addresses == [in_private("小鱼")]
    assert await friends.waiting() == []
    assert friends.made == []
    assert friends.brought == [("chat-一群", "id-小鱼")]
    answer = await friends.says("/makefriend 1")
    assert answer == "小鱼 的好友申请已经通过了（在平台上）。"


@pytest.mark.parametrize("outcome", [Unclear("no_answer"), AddressGone("blocked")])
async def test_a_welcome_that_may_have_arrived_or_never_will_is_not_said_again(
    any_friends: Friends, outcome: Outcome
) -> None:
    friends = any_friends
    await friends.rule("人工 @一群")
    await friends.ask("小鱼")
    friends.shop.platform.refuses = {in_private("小鱼"): outcome, in_group("一群"): outcome}
    told = await friends.confirm("小鱼")
    assert told.addresses == [in_private(MANAGER)]
    assert "没能请进「一群」" in told.text
    friends.shop.platform.refuses = {}
    friends.shop.clock.advance(LONG)
    assert not await friends.settle()
    assert friends.brought == []


async def test_what_an_ended_process_did_is_not_done_again(any_friends: Friends) -> None:
    friends = any_friends
    await friends.rule("所有人 @一群")
    friends.shop.platform.refuses = {in_group("一群"): NothingSent("refused")}
    assert len(await friends.ask("小鱼")) == 1
    # It ended here: the welcome was said, and nothing but its attempt tells of it.
    assert await friends.open() == ["小鱼"]
    friends.shop.platform.refuses = {}
    friends.shop.clock.advance(LONG)
    assert not await friends.settle()
    assert friends.brought == [("chat-一群", "id-小鱼")]
    assert await friends.open() == []


async def test_a_friend_whose_process_ended_before_it_noted_that_is_one(friends: Friends) -> None:
    await friends.rule("所有人 @一群")
    await friends.ask("小鱼")
    async with friends.shop.desk.database.writing() as connection:
        await connection.execute(update(friend_requests).values(friends_at=None, finished_at=None))
    assert not await friends.settle()
    assert friends.made == ["ask-小鱼"]
    assert await friends.open() == []


# Who is brought in, and when nobody is


async def test_who_sits_in_the_group_is_only_welcomed(friends: Friends) -> None:
    await friends.shop.joins("小鱼")
    await friends.rule("所有人 @一群")
    told = await friends.ask("小鱼")
    assert "请你进" not in told.text
    assert friends.brought == []


async def test_nobody_is_brought_into_a_group_that_the_bot_has_left(friends: Friends) -> None:
    await friends.rule("所有人 @一群")
    await friends.shop.closes("一群")
    told = await friends.ask("小鱼")
    assert told.addresses == [in_private("小鱼")]
    assert "请你进" not in told.text
    assert friends.brought == []


async def test_under_halt_everything_waits(any_friends: Friends) -> None:
    friends = any_friends
    await friends.rule("所有人 @一群")
    await friends.halt(halted=True)
    assert not await friends.ask("小鱼")
    assert friends.made == []
    await friends.rule("人工 @一群")
    await friends.ask("小美")
    number = await friends.number("小美")
    assert "解除后就加 小美" in await friends.says(f"/makefriend {number}")
    await friends.halt(halted=False)
    assert len(await friends.settle()) == 2
    assert friends.made == ["ask-小鱼", "ask-小美"]


@pytest.mark.parametrize("state", [AccountState.SCAN, AccountState.OFFLINE])
async def test_an_account_that_is_not_online_is_not_called(
    friends: Friends, state: AccountState
) -> None:
    shop = friends.shop
    await friends.rule("所有人")
    for now in (state, AccountState.ONLINE):
        await shop.dispatcher.hear(
            [AccountChanged(ACCOUNT, shop._next(), shop.clock.now(), now, code="code")]
        )
        if now is state:
            assert not await friends.ask("小鱼")
            assert friends.made == []
    await friends.settle()
    assert friends.made == ["ask-小鱼"]


async def test_an_account_that_is_stopped_is_not_called(friends: Friends) -> None:
    database = friends.shop.desk.database
    await friends.rule("所有人")
    async with database.writing() as connection:
        stop = Stop(friends.shop.clock.now(), "操作过于频繁")
        await stop_account(connection, ACCOUNT, PLATFORM, stop)
    assert not await friends.ask("小鱼")
    assert friends.made == []
    async with database.writing() as connection:
        await lift_stop(connection, ACCOUNT)
    await friends.settle()
    assert friends.made == ["ask-小鱼"]


@pytest.mark.parametrize("late", [False, True])
async def test_nobody_is_welcomed_a_day_late(friends: Friends, *, late: bool) -> None:
    await friends.rule("人工 @一群")
    await friends.ask("小鱼")
    await friends.halt(halted=True)
    await friends.confirm("小鱼")
    friends.shop.clock.advance(WELCOME_WITHIN + (SECOND if late else -SECOND))
    await friends.halt(halted=False)
    assert bool(await friends.settle()) is not late
    assert bool(friends.brought) is not late
    friends.shop.clock.advance(DAY)
    assert not await friends.settle()


async def test_who_never_asked_is_not_welcomed(friends: Friends) -> None:
    await friends.rule("所有人")
    assert not await friends.confirm("小鱼")


async def test_only_who_holds_the_lane_acts(friends: Friends) -> None:
    await friends.rule("所有人")
    await friends.shop.sender.close()
    assert not await friends.ask("小鱼")
    assert friends.made == []
    assert await friends.open() == ["小鱼"]


async def test_new_friends_are_welcomed_in_the_shops_language(opened: Opener) -> None:
    shop = await opened(language="en")
    await shop.opens("fans")
    friends = await online(shop)
    await friends.rule("everyone @fans")
    told = await friends.ask("Mia")
    assert told.text.startswith("Hello Mia, I am the group assistant of")
    assert "inviting you into fans" in told.text
