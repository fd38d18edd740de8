"""The section `[telegram.NAME]`: one Telegram bot, its token, and how its updates come in.

Nothing here needs aiogram: the section is read, checked and shown wherever the configuration is.
The token and the webhook's secret stand in a file or in the environment, and in no error.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.secret_files import secret_in
from bot.sections import Section

PUBLIC_API = "https://api.telegram.org"

# What BotFather gives: the bot's id, a colon, and letters that nobody promises a number of.
_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]+")
# https://core.telegram.org/bots/api#setwebhook, secret_token
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
# The same page: "Ports currently supported for webhooks".
_WEBHOOK_PORTS = (443, 80, 88, 8443)


def telegram_account(name: str) -> str:
    """What the account of `[telegram.NAME]` is called in the bot."""
    return f"telegram:{name}"


class Telegram(Section):
    """A Telegram bot. What stands for `shop` is the account's name; there may be several bots."""

    token_file: Path | None = Field(
        None, description="The bot's token from BotFather, in a file only its owner can read."
    )
    token: SecretStr | None = Field(
        None,
        validate_default=True,
        description="The token itself, before token_file; best from NUANQUN_TELEGRAM__SHOP__TOKEN.",
    )
    api: str = Field(
        PUBLIC_API, description="The Bot API server; another one that you run, if any."
    )
    mode: Literal["polling", "webhook"] = Field(
        "polling",
        description="polling: the bot asks Telegram; webhook: Telegram calls the bot at url.",
    )
    url: str = Field(
        "",
        validate_default=True,
        description="The webhook's public https address; what comes there is to reach host and"
        " port.",
    )
    secret_file: Path | None = Field(
        None,
        description="What Telegram proves itself with at the webhook, in a file; without one it is"
        " drawn anew at each start.",
    )
    secret: SecretStr | None = Field(None, description="The secret itself, before secret_file.")
    host: str = Field("127.0.0.1", description="Where the webhook listens on this machine.")
    port: int = Field(8767, ge=0, le=65535, description="The webhook's port on this machine.")
    welcome_minutes: int = Field(
        10,
        ge=0,
        le=24 * 60,
        description="A welcome is taken back after so many minutes; 0: it stays.",
    )

    @field_validator("token")
    @classmethod
    def _be_a_token(cls, token: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if token is None and others.data.get("token_file", ...) is None:
            raise ValueError("token_file or token is needed: what BotFather gave")
        if token is not None and not _TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError("a bot's token is needed, such as 123456789:AAExample")
        return token

    @field_validator("secret")
    @classmethod
    def _be_a_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not _SECRET.fullmatch(secret.get_secret_value()):
            raise ValueError("1 to 256 letters, digits, _ and - are needed")
        return secret

    @field_validator("api")
    @classmethod
    def _be_a_server(cls, api: str) -> str:
        if _port_of(api, ("https", "http")) is None:
            raise ValueError(f"a server's address such as {PUBLIC_API} is needed")
        return api.rstrip("/")

    @field_validator("url")
    @classmethod
    def _be_reachable_for_telegram(cls, url: str, others: ValidationInfo) -> str:
        """Telegram calls https on four ports; a Bot API server of one's own has no such rule."""
        if others.data.get("mode") != "webhook":
            return url
        foreign = others.data.get("api") != PUBLIC_API
        port = _port_of(url, ("https", "http") if foreign else ("https",))
        if port is None:
            raise ValueError("its https address is needed, such as https://bot.example.com/")
        if port not in _WEBHOOK_PORTS and not foreign:
            raise ValueError("443, 80, 88 and 8443 are the only ports that Telegram calls")
        return url

    def token_for(self, name: str) -> SecretStr:
        """The token of the account `name`, which this section is; may read a file.

        Raises:
            SecretUnreadable: the file is missing, or holds no token.
        """
        if self.token is not None:
            return self.token
        if self.token_file is None:
            raise ValueError("a section without a token was let in")
        return secret_in(self.token_file, f"telegram.{name}.token_file", _TOKEN, "a bot's token")

    def secret_for(self, name: str) -> SecretStr | None:
        """The webhook's secret of the account `name`, if one is configured; may read a file.

        Raises:
            SecretUnreadable: the file is missing, or holds no secret.
        """
        if self.secret is not None or self.secret_file is None:
            return self.secret
        what = "1 to 256 letters, digits, _ and -"
        return secret_in(self.secret_file, f"telegram.{name}.secret_file", _SECRET, what)


def _port_of(address: str, schemes: tuple[str, ...]) -> int | None:
    """The port that an address with one of these schemes means; None where it is no such one."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in schemes or not parts.hostname or parts.query or parts.fragment:
        return None
    return port if port is not None else {"https": 443, "http": 80}[parts.scheme]
