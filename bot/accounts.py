"""The accounts on other people's platforms: built for the running bot, examined for the doctor.

Each platform's package is imported here and nowhere else, and only where an account is configured:
aiogram alone takes seconds and over 150 MB. Its absence is an error with a mend.

A WeChat account can be lost by being here at all; each start says so once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from importlib import import_module

import structlog

from bot.channels.port import Channel
from bot.configuration import Configuration
from bot.findings import Finding
from bot.wechat_section import RISK_PAGE, is_this_machine, wechat_account
from scheduler.clock import Clock
from storage.database import Database
from storage.errors import RunningError

_log = structlog.get_logger(__name__)

# What the extra `wechat` brings, by the names that Python imports it under.
_WECHAT_LIBRARIES = frozenset({"betterproto", "grpclib", "segno", "wechaty_grpc"})


class TelegramMissing(RunningError):
    """A Telegram bot is configured, but the library for Telegram is not installed."""

    number = 508
    sentence = "The configuration has a section [telegram.*], but aiogram is not installed."
    mend = "Install it with: pip install 'nuanqun[telegram]'"


class TelegramBotTwice(RunningError):
    """Two sections are one bot: Telegram would tell each update to only one of them."""

    number = 509
    sentence = "[telegram.{one}] and [telegram.{other}] are the same bot."
    mend = "Give each section the token of a bot of its own, or take one of them away."


class WeChatMissing(RunningError):
    """A WeChat account is configured, but a library for WeChat is not installed."""

    number = 510
    sentence = "The configuration has a section [wechat.*], but {library} is not installed."
    mend = "Install it with: pip install 'nuanqun[wechat]'"


class WeChatGatewayTwice(RunningError):
    """Two sections name one gateway, which serves one account and tells one listener of it."""

    number = 511
    sentence = "[wechat.{one}] and [wechat.{other}] have the same gateway, {endpoint}."
    mend = "Run a gateway for each account, on a port of its own, or take one section away."


@contextmanager
def _needing(libraries: Collection[str], missing: type[RunningError]) -> Iterator[None]:
    """What is imported in here needs these libraries; one that is not installed is `missing`."""
    try:
        yield
    except ModuleNotFoundError as absent:
        library = (absent.name or "").partition(".")[0]
        if library not in libraries:
            raise
        raise missing(library=library) from absent


def _aiogram() -> AbstractContextManager[None]:
    return _needing(["aiogram"], TelegramMissing)


@contextmanager
def _wechaty() -> Iterator[None]:
    with _needing(_WECHAT_LIBRARIES, WeChatMissing):
        import_module("segno")  # needed once a code is shown; that it is missing is said now
        yield


async def examine_accounts(configuration: Configuration) -> list[Finding]:
    """What the doctor finds of every configured account."""
    telegram, wechat = await asyncio.gather(
        _examine_telegram(configuration), _examine_wechat(configuration)
    )
    return [*telegram, *wechat]


async def _examine_telegram(configuration: Configuration) -> list[Finding]:
    if not configuration.telegram:
        return []
    try:
        with _aiogram():
            from bot.channels.telegram.examining import examine  # noqa: PLC0415 (see above)
    except TelegramMissing as trouble:
        return [Finding.of("telegram", trouble)]
    each = [examine(name, section) for name, section in configuration.telegram.items()]
    return [finding for found in await asyncio.gather(*each) for finding in found]


async def _examine_wechat(configuration: Configuration) -> list[Finding]:
    if not configuration.wechat:
        return []
    try:
        _refuse_one_gateway_twice(configuration)
        with _wechaty():
            from bot.channels.wechat.examining import examine  # noqa: PLC0415 (see above)
    except (WeChatGatewayTwice, WeChatMissing) as trouble:
        return [Finding.of("wechat", trouble)]
    data = configuration.room.data
    each = [examine(name, section, data) for name, section in configuration.wechat.items()]
    return [finding for found in await asyncio.gather(*each) for finding in found]


async def build_accounts(
    configuration: Configuration, clock: Clock, database: Database
) -> list[Channel]:
    """A channel for each configured account, not yet opened.

    Raises:
        TelegramMissing, WeChatMissing: a library is not installed.
        SecretUnreadable: a token or a secret is not where the configuration says.
        TelegramBotTwice, WeChatGatewayTwice: two sections have one bot's token, or one gateway.
    """
    channels: list[Channel] = []
    # Importing blocks for seconds and reading files for a moment; the room is open already.
    if configuration.telegram:
        channels += await asyncio.to_thread(_telegram, configuration, clock, database)
    if configuration.wechat:
        channels += await asyncio.to_thread(_wechat, configuration, clock, database)
    return channels


def _telegram(configuration: Configuration, clock: Clock, database: Database) -> list[Channel]:
    """A channel for each Telegram bot."""
    with _aiogram():
        from bot.channels.telegram.building import build  # noqa: PLC0415 (see above)
    names: dict[str, str] = {}  # the account's, by the bot's id, which its token begins with
    for name, section in configuration.telegram.items():
        bot = section.token_for(name).get_secret_value().partition(":")[0]
        if bot in names:
            raise TelegramBotTwice(one=names[bot], other=name)
        names[bot] = name
    shop, data = configuration.shop_settings(), configuration.room.data
    return [
        build(name, section, shop=shop, data=data, clock=clock, database=database)
        for name, section in configuration.telegram.items()
    ]


def _wechat(configuration: Configuration, clock: Clock, database: Database) -> list[Channel]:
    """A channel for each WeChat account."""
    _refuse_one_gateway_twice(configuration)
    with _wechaty():
        from bot.channels.wechat.building import build  # noqa: PLC0415 (see above)
    # Pictures may come from a private place that the shop has configured as a feed.
    arrivals = configuration.arrival_rules()
    shop, data = replace(configuration.shop_settings(), arrivals=arrivals), configuration.room.data
    channels: list[Channel] = []
    for name, section in configuration.wechat.items():
        channels.append(build(name, section, shop=shop, data=data, clock=clock, database=database))
        _log.warning(
            "account_at_risk",
            account=wechat_account(name),
            why="WeChat may restrict or ban a personal account that a program holds",
            see=RISK_PAGE,
        )
    return channels


def _refuse_one_gateway_twice(configuration: Configuration) -> None:
    """One program at a time is told what happens: two accounts on one gateway would starve.

    Raises:
        WeChatGatewayTwice: two sections name one gateway.
    """
    names: dict[tuple[str, int], str] = {}
    for name, section in configuration.wechat.items():
        host, port = section.address
        place = ("localhost" if is_this_machine(host) else host, port)
        if place in names:
            raise WeChatGatewayTwice(one=names[place], other=name, endpoint=section.endpoint)
        names[place] = name
