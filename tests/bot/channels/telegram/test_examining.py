"""The doctor's look at a Telegram bot: each thing that is wrong is named, with its mend."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiogram.types import User, WebhookInfo
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channels.telegram.examining import examine, groups, reach, updates
from bot.findings import Finding
from bot.telegram_section import Telegram

NOW = datetime(2026, 11, 5, 10, tzinfo=UTC)
URL = "https://bot.example.com/secret-path"
ME = {
    "id": 1,
    "is_bot": True,
    "first_name": "暖群",
    "username": "shop_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": True,
}
POLLING = Telegram.model_validate({"token": "1:geheim"})
WEBHOOK = Telegram.model_validate({"token": "1:geheim", "mode": "webhook", "url": URL})


def info(url: str = "", **others: Any) -> WebhookInfo:
    rest = {"has_custom_certificate": False, "pending_update_count": 3, **others}
    return WebhookInfo.model_validate({"url": url, **rest})


def failed(minutes: int) -> dict[str, Any]:
    """What Telegram says of a call to the webhook that failed so long ago."""
    return {"last_error_date": NOW - timedelta(minutes=minutes), "last_error_message": "HTTP 502"}


@pytest.mark.parametrize(
    ("me", "found", "mend"),
    [
        ({}, "hears everything", ""),
        ({"can_read_all_group_messages": False}, "privacy mode is on", "/setprivacy"),
        ({"can_join_groups": False}, "may not be added to groups", "/setjoingroups"),
    ],
)
def test_a_bot_should_hear_all_that_is_said_in_groups(
    me: dict[str, Any], found: str, mend: str
) -> None:
    seen = groups("telegram:shop", User.model_validate(ME | me))
    assert (seen.check, seen.well) == ("telegram:shop groups", not mend)
    assert found in seen.found
    assert mend in seen.mend


@pytest.mark.parametrize(
    ("section", "told", "in_the_way", "found", "mend"),
    [
        (POLLING, info(), "", "polling, 3 waiting", ""),
        (POLLING, info(URL), "", "calls a webhook at bot.example.com", "takes the webhook"),
        (WEBHOOK, info(URL), "", f"webhook {URL}, registered, 3 waiting", ""),
        (WEBHOOK, info(), "", "registers it when it starts", ""),
        (WEBHOOK, info(URL), "Connection refused", "Connection refused.", "certificate"),
        (WEBHOOK, info("https://old.example/x"), "", "at old.example,", "stop the other"),
        (WEBHOOK, info(URL, **failed(minutes=5)), "", "failed at 09:55 UTC: HTTP 502.", "proxy"),
        (WEBHOOK, info(URL, **failed(minutes=300)), "", "registered", ""),
    ],
)
def test_telegram_should_tell_the_bot_in_the_way_that_is_configured(
    section: Telegram, told: WebhookInfo, in_the_way: str, found: str, mend: str
) -> None:
    seen = updates("telegram:shop", section, told, in_the_way, NOW)
    assert (seen.check, seen.well) == ("telegram:shop updates", not mend)
    assert found in seen.found
    assert mend in seen.mend


@dataclass
class BotApi:
    """A Bot API server that knows one bot; what it answers may be changed."""

    server: TestServer
    me: dict[str, Any] = field(default_factory=lambda: dict(ME))
    webhook: dict[str, Any] = field(
        default_factory=lambda: {
            "url": "",
            "has_custom_certificate": False,
            "pending_update_count": 0,
        }
    )

    def section(self, **others: Any) -> Telegram:
        api = str(self.server.make_url("/"))
        return Telegram.model_validate({"token": "1:geheim", "api": api, **others})


@pytest.fixture
async def telegram() -> AsyncIterator[BotApi]:
    async def answer(request: web.Request) -> web.Response:
        if request.match_info["token"] != "1:geheim":
            refusal = {"ok": False, "error_code": 401, "description": "Unauthorized"}
            return web.json_response(refusal, status=401)
        known = {"getMe": api.me, "getWebhookInfo": api.webhook}
        return web.json_response({"ok": True, "result": known[request.match_info["method"]]})

    app = web.Application()
    app.router.add_post("/bot{token}/{method}", answer)
    api = BotApi(TestServer(app))
    await api.server.start_server()
    yield api
    await api.server.close()


def line(findings: list[Finding]) -> str:
    (only,) = findings
    assert "geheim" not in only.line()
    return only.line()


async def test_a_bot_that_is_well_is_named(telegram: BotApi) -> None:
    findings = await examine("shop", telegram.section())
    assert [one.line() for one in findings] == [
        "ok  telegram:shop: @shop_bot",
        "ok  telegram:shop groups: it hears everything",
        "ok  telegram:shop updates: polling, 0 waiting",
    ]


async def test_a_token_that_telegram_refuses_is_the_only_finding(telegram: BotApi) -> None:
    said = line(await examine("shop", telegram.section(token="2:geheim")))
    assert said.startswith("BAD telegram:shop: ")
    assert "BotFather" in said


async def test_a_server_that_nobody_reaches_is_the_only_finding() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        api = f"http://127.0.0.1:{taken.getsockname()[1]}"
    section = Telegram.model_validate({"token": "1:geheim", "api": api})
    assert f"cannot be reached at {api}" in line(await examine("shop", section))


@pytest.mark.parametrize(
    "section", [{"token_file": "gone"}, {"token": "1:geheim", "secret_file": "gone"}], ids=str
)
async def test_a_secret_that_cannot_be_read_is_the_only_finding(
    section: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = line(await examine("shop", Telegram.model_validate(section)))
    assert "_file names gone, which cannot be read: No such file" in said


async def test_a_webhook_s_address_is_tried(telegram: BotApi) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        url = f"http://127.0.0.1:{other.getsockname()[1]}/updates"
        section = telegram.section(mode="webhook", url=url)
        telegram.webhook["url"] = url
        assert (await examine("shop", section))[2].well
    (finding,) = [one for one in await examine("shop", section) if not one.well]
    assert f"{url} cannot be reached: " in finding.found


async def test_an_address_without_tls_where_it_should_be_is_not_reached() -> None:
    async def hang_up(_: Any, writer: Any) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await reach(f"https://127.0.0.1:{port}/") != ""
