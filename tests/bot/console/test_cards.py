"""What the accounts' page says of each account, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.console.accounts_page import WORDS
from bot.console.cards import Card, Speech, card
from handlers.wording import wording
from storage.accounts import Account, State

AT = datetime(2026, 11, 5, 2, 18, tzinfo=UTC)
NAME = "wechat:shop"
SPEECH = Speech(WORDS["zh"], wording("zh"), lambda moment: f"{moment:%H:%M}")
STOP = (
    "微信限制了这个号（操作过于频繁），02:18 起一句也不发。"
    "先在手机上看看它怎么了，隔一两天再发 /lift wechat:shop。"
)
AWAY = "暂时连不上，没有程序在用它；会一直重试。"


def account(state: State | None, *, stopped: bool = False) -> Account:
    return Account(
        account=NAME,
        platform="wechat",
        state=state,
        told_state=None,
        told_stop_at=None,
        stopped_at=AT if stopped else None,
        stop_reason="操作过于频繁" if stopped else None,
    )


ONLINE = account(State("online", AT, me="wxid_1", me_name="暖暖"))


@pytest.mark.parametrize(
    ("known", "served", "expected"),
    [
        (None, True, Card(NAME, "online", ())),
        (account(None), True, Card(NAME, "online", ())),
        (None, False, Card(NAME, "unserved", (AWAY,))),
        (ONLINE, True, Card(NAME, "online", ("登录的是 暖暖", "02:18 起"))),
        (ONLINE, False, Card(NAME, "unserved", (AWAY,))),
        (
            account(State("scan", AT, code="https://login.example/1")),
            True,
            Card(
                NAME,
                "scan",
                (
                    "02:18 起",
                    "用手机上的微信扫一扫，再点确认登录。码会过期，这里总是最新的。",
                ),
                "https://login.example/1",
            ),
        ),
        (
            account(State("scan", AT)),
            True,
            Card(NAME, "scan", ("02:18 起", "正在等新的码。要是已经扫过，请在手机上点确认。")),
        ),
        (
            account(State("scan", AT, code="https://login.example/1")),
            False,
            Card(NAME, "unserved", (AWAY,)),
        ),
        (
            account(State("offline", AT, reason="taken")),
            True,
            Card(NAME, "offline", ("02:18 起", "原因：别的程序正连着网关")),
        ),
        (
            account(ONLINE.state, stopped=True),
            True,
            Card(NAME, "stopped", ("登录的是 暖暖", "02:18 起", STOP)),
        ),
        (
            account(State("offline", AT), stopped=True),
            True,
            Card(NAME, "offline", ("02:18 起", STOP)),
        ),
        (account(None, stopped=True), False, Card(NAME, "unserved", (AWAY, STOP))),
    ],
)
def test_a_card_says_what_an_account_is_and_what_to_do(
    known: Account | None, *, served: bool, expected: Card
) -> None:
    assert card(NAME, known, SPEECH, served=served) == expected


def test_both_languages_say_the_same_things() -> None:
    keys = ["accounts", "back", "online", "scan", "offline", "stopped", "unserved", "to_scan"]
    for words in WORDS.values():
        assert all(words.knows(key) for key in keys)
    assert WORDS["zh"]._words.keys() == WORDS["en"]._words.keys()
