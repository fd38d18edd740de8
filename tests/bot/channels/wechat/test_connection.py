"""A gateway over the network, tried with a real one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import NoneType
from typing import Any

import pytest
import trustme
from pydantic import SecretStr

from bot.channels.wechat.connection import (
    GatewayConnection,
    GatewayTaken,
    GatewayTokenRefused,
    GatewayUnreachable,
    Keepalive,
    Trust,
    trouble,
)
from bot.channels.wechat.gateway import (
    Alive,
    Contact,
    Dong,
    Failure,
    FileBox,
    FriendshipArrived,
    FriendshipKind,
    GatewayCallFailed,
    GatewayEvent,
    GatewayRoom,
    LoggedIn,
    LoggedOut,
    MessageArrived,
    MessageType,
    PayloadKind,
    Ready,
    RoomInvited,
    RoomJoined,
    RoomLeft,
    RoomMember,
    RoomRenamed,
    ScanNeeded,
    ScanStatus,
    SharedLink,
    Stale,
)
from tests.peers.wechat.gateway import ME, GatewayProcess, running

pytestmark = pytest.mark.peer

QUICK = Keepalive(every=timedelta(seconds=1), answered_within=timedelta(seconds=1))
ROOM = "room@"


@pytest.fixture
async def process() -> AsyncIterator[GatewayProcess]:
    """A plain gateway with one room and one fan in it, logged in as soon as it is started."""
    async with running() as started:
        await furnished(started)
        yield started


@pytest.fixture
async def gateway(process: GatewayProcess) -> AsyncIterator[GatewayConnection]:
    """The connection to it."""
    async with connected(process) as made:
        yield made


async def furnished(process: GatewayProcess) -> None:
    """Give the gateway an account, a room and a fan."""
    await process.person("暖暖", person=ME)
    await process.person("小美", person="fan", friend=False, alias="老客小美")
    await process.room("一群", [ME, "fan"], room=ROOM, owner=ME, nicknames={"fan": "美美"})
    await process.login()


@asynccontextmanager
async def connected(
    process: GatewayProcess, trust: Trust | None = None, **more: Any
) -> AsyncIterator[GatewayConnection]:
    """An open connection."""
    token = SecretStr(process.token)
    made = GatewayConnection(process.endpoint, token, trust, keepalive=QUICK, **more)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def until(events: AsyncGenerator[GatewayEvent], wanted: type) -> Any:
    """The next event of this kind."""
    async with asyncio.timeout(10):
        async for event in events:
            if isinstance(event, wanted):
                return event
    raise AssertionError("the stream ended without raising")


@asynccontextmanager
async def logged_in(gateway: GatewayConnection) -> AsyncIterator[AsyncGenerator[GatewayEvent]]:
    """The stream of events, with the account started and ready."""
    async with aclosing(gateway.events()) as events:
        assert await anext(events) == Alive()
        await gateway.start()
        await until(events, Ready)
        yield events


async def found_again(gateway: GatewayConnection) -> None:
    """See that the stream can be taken, soon; whatever keeps it from that is but lost."""
    async with asyncio.timeout(10):
        while True:
            try:
                async with logged_in(gateway):
                    return
            except GatewayCallFailed as error:
                if error.failure is not Failure.LOST:
                    raise
                await asyncio.sleep(0.05)


async def broken(events: AsyncGenerator[GatewayEvent]) -> tuple[GatewayCallFailed, float]:
    """How a stream fails, and after how many seconds."""
    since = time.monotonic()
    with pytest.raises(GatewayCallFailed) as failed:
        await until(events, NoneType)
    return failed.value, time.monotonic() - since


async def test_what_the_gateway_knows_is_read(gateway: GatewayConnection) -> None:
    async with logged_in(gateway):
        assert "1.19.4" in await gateway.version()
        assert await gateway.rooms() == (ROOM,)
        assert set(await gateway.contacts()) == {ME, "fan"}
        assert await gateway.room(ROOM) == GatewayRoom(ROOM, "一群", ME, (), (ME, "fan"))
        assert await gateway.contact("fan") == Contact("fan", "小美", "老客小美", friend=False)
        assert await gateway.room_member(ROOM, "fan") == RoomMember("fan", "小美", "美美", "")
        with pytest.raises(GatewayCallFailed) as failed:
            await gateway.room("other@")
        assert failed.value.failure is Failure.REFUSED
        assert "other@" in failed.value.reason
        assert "\n" not in failed.value.reason


async def test_messages_are_read(process: GatewayProcess, gateway: GatewayConnection) -> None:
    async with logged_in(gateway) as events:
        before = datetime.now(UTC) - timedelta(seconds=1)
        said = await process.say("fan", "@暖暖\u2005粉色还有吗", ROOM, [ME])
        assert await until(events, MessageArrived) == MessageArrived(said)
        message = await gateway.message(said)
        assert message.text == "@暖暖\u2005粉色还有吗"
        assert (message.talker, message.room, message.listener) == ("fan", ROOM, "")
        assert message.mentions == (ME,)
        assert message.type == MessageType.TEXT
        assert before < message.at < datetime.now(UTC) + timedelta(seconds=1)

        private = await gateway.message(await process.say("fan", "在吗"))
        assert (private.talker, private.room, private.listener) == ("fan", "", ME)

        link = await process.command(
            "link", talker="fan", conversation=ROOM, title="新品", url="https://shop.example/1"
        )
        assert await gateway.link(link["id"]) == SharedLink("新品", "https://shop.example/1")
        assert (await gateway.message(link["id"])).type == MessageType.URL


async def test_the_account_speaks_mentions_and_takes_back(
    process: GatewayProcess, gateway: GatewayConnection
) -> None:
    async with logged_in(gateway) as events:
        receipt = await gateway.say(ROOM, "@小美\u2005上新啦", ["fan"])
        assert await until(events, MessageArrived) == MessageArrived(receipt or "")
        assert (await gateway.message(receipt or "")).talker == ME
        await gateway.say("fan", "你好呀 \ud83c", [])
        sent = process.sent()
        assert [(one.conversation, one.text, one.mentions) for one in sent] == [
            (ROOM, "@小美\u2005上新啦", ("fan",)),
            ("fan", "你好呀 \N{REPLACEMENT CHARACTER}", ()),
        ]
        assert sent[0].id == receipt
        assert await gateway.recall(receipt or "")
        assert process.sent()[0].recalled
        await process.command("manners", recall=False)
        assert not await gateway.recall(receipt or "")


async def test_a_message_whose_id_is_not_told_was_sent_all_the_same(
    process: GatewayProcess, gateway: GatewayConnection
) -> None:
    async with logged_in(gateway):
        await process.command("manners", answerIds=False)
        assert await gateway.say(ROOM, "上新啦", []) is None
        assert [one.text for one in process.sent()] == ["上新啦"]


@pytest.mark.parametrize("size", [20 * 1024, 20 * 1024 + 1, 3_000_000])
async def test_pictures_go_and_come_whole_however_large(
    process: GatewayProcess, gateway: GatewayConnection, size: int
) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    async with logged_in(gateway):
        receipt = await gateway.show(ROOM, FileBox("新品.png", data=data))
        (sent,) = process.sent()
        assert (sent.id, sent.conversation, sent.file) == (receipt, ROOM, "新品.png")
        assert sent.data == data

        shown = await process.picture("fan", "晒单.png", data, ROOM)
        assert (await gateway.message(shown)).type == MessageType.IMAGE
        assert await gateway.download(await gateway.picture(shown)) == data


async def test_announcements_are_set_and_read_back(
    process: GatewayProcess, gateway: GatewayConnection
) -> None:
    async with logged_in(gateway):
        await gateway.announce(ROOM, "今晚八点上新")
        assert await gateway.announcement(ROOM) == "今晚八点上新"
        assert await process.command("announced") == {ROOM: "今晚八点上新"}
        await process.command("manners", announce=False)
        await gateway.announce(ROOM, "明晚八点上新")
        assert await gateway.announcement(ROOM) == "今晚八点上新"


async def test_friends_are_made_and_brought_into_rooms(
    process: GatewayProcess, gateway: GatewayConnection
) -> None:
    new = await process.person("小新", friend=False)
    async with logged_in(gateway) as events:
        asked = await process.command("befriend", person=new, words="我是群友")
        assert await until(events, FriendshipArrived) == FriendshipArrived(asked["id"])
        friendship = await gateway.friendship(asked["id"])
        assert (friendship.person, friendship.words) == (new, "我是群友")
        assert friendship.kind is FriendshipKind.RECEIVE

        await gateway.accept_friendship(asked["id"])
        confirmed = await until(events, FriendshipArrived)
        assert (await gateway.friendship(confirmed.friendship)).kind is FriendshipKind.CONFIRM

        await gateway.bring_in(ROOM, new)
        assert new in (await gateway.room(ROOM)).members
        with pytest.raises(GatewayCallFailed, match=r"refused: .*not a friend"):
            await gateway.bring_in(ROOM, "fan")

        other = await process.room("二群", ["fan"], owner="fan")
        invited = await process.command("invite", room=other, by="fan")
        assert await until(events, RoomInvited) == RoomInvited(invited["id"])
        invitation = await gateway.invitation(invited["id"])
        assert (invitation.inviter, invitation.room_name) == ("fan", "二群")
        await gateway.accept_invitation(invited["id"])
        assert other in await gateway.rooms()


async def test_what_happens_is_told_in_order(
    process: GatewayProcess, gateway: GatewayConnection
) -> None:
    new = await process.person("小新")
    async with aclosing(gateway.events()) as events:
        assert await anext(events) == Alive()
        await gateway.start()
        assert await until(events, LoggedIn) == LoggedIn(ME)
        await until(events, Ready)
        await gateway.ding("7")
        assert await until(events, Dong) == Dong("7")

        await process.command("join", room=ROOM, people=[new], by="fan")
        joined = await until(events, RoomJoined)
        assert (joined.room, joined.people, joined.by) == (ROOM, (new,), "fan")
        assert abs(joined.at - datetime.now(UTC)) < timedelta(seconds=10)
        await process.command("leave", room=ROOM, people=[new], by=ME)
        left = await until(events, RoomLeft)
        assert (left.room, left.people, left.by) == (ROOM, (new,), ME)
        await process.command("rename", room=ROOM, name="双11 群", by="fan")
        renamed = await until(events, RoomRenamed)
        assert (renamed.room, renamed.name, renamed.before) == (ROOM, "双11 群", "一群")
        await process.command("call", person="fan", alias="大客户")
        assert await until(events, Stale) == Stale(PayloadKind.CONTACT, "fan")

        await process.logout("kicked by the phone")
        assert await until(events, LoggedOut) == LoggedOut(ME, "kicked by the phone")
        await process.command("scan", code="https://login.weixin.qq.com/l/abc")
        needed = ScanNeeded("https://login.weixin.qq.com/l/abc", ScanStatus.WAITING)
        assert await until(events, ScanNeeded) == needed


async def test_a_code_to_scan_is_told_again_to_whoever_listens_next(
    process: GatewayProcess, gateway: GatewayConnection
) -> None:
    async with logged_in(gateway):
        await process.logout()
        await process.command("scan", code="code")
    async with aclosing(gateway.events()) as events:
        assert await until(events, ScanNeeded) == ScanNeeded("code", ScanStatus.WAITING)


async def test_what_the_puppet_throws_is_told_and_what_it_keeps_to_itself_is_lost(
    process: GatewayProcess,
) -> None:
    async with connected(process, deadline=timedelta(seconds=1)) as gateway, logged_in(gateway):
        await process.trouble("messageSendText", "throw", times=1, text="操作过于频繁，请稍后再试")
        with pytest.raises(GatewayCallFailed) as failed:
            await gateway.say(ROOM, "上新啦", [])
        assert failed.value.failure is Failure.REFUSED
        assert failed.value.reason == "操作过于频繁，请稍后再试"

        await process.trouble("messageSendText", "swallow", times=1)
        with pytest.raises(GatewayCallFailed, match="lost: no answer within 1 s"):
            await gateway.say(ROOM, "上新啦", [])
        assert [one.text for one in process.sent()] == ["上新啦"]


async def test_a_wrong_token_is_refused(process: GatewayProcess) -> None:
    wrong = GatewayConnection(process.endpoint, SecretStr("puppet_wrong"), None)
    with pytest.raises(GatewayTokenRefused) as refused:
        await wrong.open()
    assert "puppet_wrong" not in str(refused.value)
    with pytest.raises(GatewayCallFailed, match="the connection is closed"):
        await wrong.version()


async def test_a_second_client_is_told_that_the_gateway_is_taken_until_the_first_has_left(
    process: GatewayProcess, gateway: GatewayConnection
) -> None:
    async with connected(process) as second:
        async with logged_in(gateway) as events:
            failure, _ = await broken(second.events())
            assert failure.failure is Failure.TAKEN
            assert isinstance(trouble("shop", failure), GatewayTaken)
            # The first one hears on, and the second one's calls are answered.
            assert await second.rooms() == (ROOM,)
            await gateway.ding("still here")
            assert await until(events, Dong) == Dong("still here")
        await asyncio.sleep(0.2)
        async with logged_in(second):
            pass


async def test_a_gateway_that_is_taken_right_after_our_stream_may_hold_that_one_still(
    process: GatewayProcess, gateway: GatewayConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with logged_in(gateway):
        pass
    async with connected(process) as other:
        await asyncio.sleep(0.2)
        async with logged_in(other):
            failure, _ = await broken(gateway.events())
            assert failure.failure is Failure.LOST
            assert "still holds the stream before" in failure.reason
            lingers = "bot.channels.wechat.event_stream.OWN_STREAM_LINGERS"
            monkeypatch.setattr(lingers, timedelta(0))
            failure, _ = await broken(gateway.events())
            assert failure.failure is Failure.TAKEN


async def test_a_stream_that_the_gateway_ends_is_taken_again(
    process: GatewayProcess, gateway: GatewayConnection
) -> None:
    async with logged_in(gateway) as events:
        await process.command("endStream")
        failure, _ = await broken(events)
        assert failure.failure is Failure.LOST
    await found_again(gateway)


async def test_a_killed_gateway_is_noticed_at_once_and_found_again(
    process: GatewayProcess, gateway: GatewayConnection
) -> None:
    async with logged_in(gateway) as events:
        await process.kill()
        failure, seconds = await broken(events)
        assert failure.failure is Failure.LOST
        assert seconds < 1
    for ask in (gateway.version(), gateway.say(ROOM, "上新啦", []), anext(gateway.events())):
        with pytest.raises(GatewayCallFailed) as failed:
            await ask
        assert failed.value.failure is Failure.NOT_SENT
    await process.start()
    async with logged_in(gateway):
        assert await gateway.rooms() == (ROOM,)


@pytest.mark.parametrize("tls", [None, {}], ids=["plain", "encrypted"])
async def test_a_frozen_gateway_is_noticed_and_found_again(
    tmp_path: Path, tls: dict[str, str] | None
) -> None:
    async with running(tls) as process:
        await furnished(process)
        trust = None if tls is None else trust_in(process.authority, tmp_path)
        async with connected(process, trust) as gateway:
            async with logged_in(gateway) as events:
                process.freeze()
                failure, seconds = await broken(events)
                process.thaw()
                assert failure.failure is Failure.LOST
                # A ping each second, a second for its answer, and one for the farewell of TLS.
                assert seconds < 5
            await found_again(gateway)
            assert await gateway.rooms() == (ROOM,)


def trust_in(authority: str, folder: Path, name: str = "insecure") -> Trust:
    """Trust in what this certificate signs for, under that name."""
    (folder / "ca.pem").write_text(authority)
    return Trust(folder / "ca.pem", name)


async def test_a_gateway_proves_who_it_is(tmp_path: Path) -> None:
    async with running(tls={}) as process:
        token = SecretStr(process.token)
        async with connected(process, trust_in(process.authority, tmp_path)) as gateway:
            assert await gateway.version()

        other = trust_in(process.authority, tmp_path, name="gateway.example")
        with pytest.raises(GatewayUnreachable, match="Hostname mismatch"):
            await GatewayConnection(process.endpoint, token, other).open()

        with pytest.raises(GatewayUnreachable, match="Connection lost"):
            await GatewayConnection(process.endpoint, token, None).open()


async def test_a_gateway_without_tls_is_not_spoken_to_with_it(
    process: GatewayProcess, tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    trust = Trust(tmp_path / "ca.pem", "insecure")
    gateway = GatewayConnection(process.endpoint, SecretStr(process.token), trust)
    with pytest.raises(GatewayUnreachable, match=r"(?i)wrong.version.number"):
        await gateway.open()
