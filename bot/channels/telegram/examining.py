"""What the doctor looks at of a Telegram bot: its token, what it hears, how updates come in.

It only asks: no update is taken, no webhook set, so a bot that is running is not disturbed.
"""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from aiogram.exceptions import AiogramError
from aiogram.methods import GetWebhookInfo
from aiogram.types import User, WebhookInfo

from bot.channels.telegram.connection import TelegramConnection
from bot.findings import Finding
from bot.telegram_section import Telegram, telegram_account
from storage.errors import NuanqunError

_DEADLINE = 10  # seconds
_LATELY = timedelta(hours=1)


async def examine(name: str, section: Telegram) -> list[Finding]:
    """Everything about the account `name`; where Telegram does not answer, only that."""
    check = telegram_account(name)
    try:
        token = await asyncio.to_thread(section.token_for, name)
        await asyncio.to_thread(section.secret_for, name)
    except NuanqunError as trouble:
        return [Finding.of(check, trouble)]
    connection = TelegramConnection(token, section.api)
    try:
        me = await connection.open()
        info = await connection.call(GetWebhookInfo())
    except NuanqunError as trouble:
        return [Finding.of(check, trouble)]
    except AiogramError as trouble:
        return [Finding(check, False, f"Telegram does not tell of its webhook: {trouble}.")]
    finally:
        await connection.close()
    in_the_way = await reach(section.url) if section.mode == "webhook" else ""
    return [
        Finding(check, True, f"@{me.username}"),
        groups(check, me),
        updates(check, section, info, in_the_way, datetime.now(UTC)),
    ]


def groups(check: str, me: User) -> Finding:
    """Whether the bot may come into groups, and hears there what fans say to each other."""
    check = f"{check} groups"
    if not me.can_join_groups:
        mend = "Send /setjoingroups to @BotFather, choose the bot, then Enable."
        return Finding(check, False, "it may not be added to groups.", mend)
    if not me.can_read_all_group_messages:
        found = "privacy mode is on: of what fans say, it hears only commands and replies to it."
        mend = (
            "Send /setprivacy to @BotFather, choose the bot, then Disable; and add the bot anew to"
            " the groups it is in already. (Where it is an admin, it hears all the same.)"
        )
        return Finding(check, False, found, mend)
    return Finding(check, True, "it hears everything")


def updates(
    check: str, section: Telegram, info: WebhookInfo, in_the_way: str, now: datetime
) -> Finding:
    """Whether Telegram tells this bot what happens, in the way that is configured.

    `in_the_way` is why the webhook's address cannot be reached; empty where it can.
    """
    check = f"{check} updates"
    waiting = f"{info.pending_update_count} waiting"
    registered = urlsplit(info.url).hostname  # the rest of an address may be somebody's secret
    if section.mode == "polling":
        if not info.url:
            return Finding(check, True, f"polling, {waiting}")
        found = f"it polls, but Telegram calls a webhook at {registered}, {waiting}."
        mend = (
            "Nothing to do if no other program uses this bot: it takes the webhook away when it"
            ' starts. To use a webhook, set mode = "webhook".'
        )
        return Finding(check, False, found, mend)
    if in_the_way:
        mend = (
            "Have the address lead to this machine by https, with a certificate that everybody"
            " trusts, and from there to host and port."
        )
        return Finding(check, False, f"{section.url} cannot be reached: {in_the_way}.", mend)
    if info.url and info.url != section.url:
        found = f"Telegram calls another webhook at {registered}, {waiting}."
        mend = "Start the bot, which registers its own, and stop the other program that uses it."
        return Finding(check, False, found, mend)
    last = info.last_error_date
    if info.url and last is not None and now - last < _LATELY:
        found = f"Telegram's last call failed at {last:%H:%M} UTC: {info.last_error_message}."
        mend = "Start the bot if it is not running; else see that its proxy hands calls on to it."
        return Finding(check, False, found, mend)
    state = "registered" if info.url else "the bot registers it when it starts"
    return Finding(check, True, f"webhook {section.url}, {state}, {waiting}")


async def reach(url: str) -> str:
    """Why nobody can be reached at a webhook's address, by TLS where it says https; empty if well.

    A machine that cannot reach its own public address from inside may be told wrongly.
    """
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    try:
        async with asyncio.timeout(_DEADLINE):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port or (443 if tls else 80), ssl=tls or None
            )
    except ssl.SSLCertVerificationError as trouble:
        return f"its certificate is refused, {trouble.verify_message}"
    except OSError as trouble:
        return trouble.strerror or str(trouble) or "no answer"
    writer.close()
    return ""
