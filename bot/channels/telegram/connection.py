"""The wire to Telegram: the calls of one bot, each with a deadline, none telling the token.

Telegram's address of a bot holds its token, and libraries put addresses into their errors. So no
error of theirs leaves this room as it came: it is masked, and what it was raised from is cut off.
What an error means to the sender is told in `outcomes.py`; here it is only decided whether a call
had reached Telegram at all.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

import structlog
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    DetailedAiogramError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import AnswerCallbackQuery, GetMe, GetUpdates, Response, TelegramMethod
from aiogram.types import User
from aiogram.utils.token import TokenValidationError
from aiohttp import ClientConnectorError, ClientTimeout, ConnectionTimeoutError
from pydantic import SecretStr

from bot.telegram_section import PUBLIC_API
from storage.errors import RunningError

_log = structlog.get_logger(__name__)

CALL_DEADLINE = timedelta(seconds=12)
"""Less than the sender waits for an outcome, so that it learns what became of the call."""

_HIDDEN = "***"
_SERVER_ERROR = 500
_NOT_REACHED = (ClientConnectorError, ConnectionTimeoutError)
T = TypeVar("T")


class TelegramUnreachable(RunningError):
    """Telegram, or the Bot API server that was configured instead, does not answer."""

    number = 540
    sentence = "Telegram cannot be reached at {api}: {reason}."
    mend = (
        "Check the network. Where Telegram is blocked, set `api` to a Bot API server of your own."
    )


class TelegramRefused(RunningError):
    """Telegram does not know the bot's token."""

    number = 541
    sentence = "Telegram at {api} refuses the bot's token: {reason}."
    mend = "Ask @BotFather for the bot's token and put it in place, whole, with the colon in it."


class NotReached(TelegramNetworkError):
    """The call did not get as far as Telegram: it is certain that nothing was done."""


class Unreadable(ClientDecodeError):
    """An answer that is none of the Bot API's, such as the HTML page of a proxy.

    `data` is the answer; it is never part of the error's text, since it may hold people's words.
    """

    def __init__(self, data: Any) -> None:
        message = "an answer that is none of the Bot API's"
        super().__init__(message, ValueError(message), data)
        self.args = (message,)

    def __str__(self) -> str:
        return self.message


class TelegramConnection:
    """One bot at one Bot API server. Open it before calling; it may be opened again after `close`.

    Args:
        token: the bot's token, from @BotFather.
        api: where the Bot API is served, without the part that begins with `/bot`.
        deadline: how long a call may take. getUpdates, which waits at Telegram, may take so much
            longer as it asks to wait.
    """

    def __init__(
        self, token: SecretStr, api: str = PUBLIC_API, deadline: timedelta = CALL_DEADLINE
    ) -> None:
        self._token = token
        self._secret = token.get_secret_value().partition(":")[2]
        self._deadline = deadline
        self._bot: Bot | None = None
        self.api = api
        self.me: User | None = None
        """The bot itself, as Telegram describes it; None until it was opened once."""

    def __repr__(self) -> str:
        bot = self._token.get_secret_value().partition(":")[0]
        return f"TelegramConnection(bot{bot}:{_HIDDEN} at {self.api})"

    async def open(self) -> User:
        """Connect, and learn who we are.

        Raises:
            TelegramUnreachable: nobody answers as Telegram would.
            TelegramRefused: the token is none, or no longer one.
        """
        await self.close()
        session = _Session(api=TelegramAPIServer.from_base(self.api))
        try:
            self._bot = Bot(self._token.get_secret_value(), session=session)
            self.me = await self.call(GetMe())
        except TokenValidationError:
            reason = "it does not look like one"
            raise TelegramRefused(api=self.api, reason=reason) from None
        except (TelegramUnauthorizedError, TelegramNotFound) as error:
            await self.close()
            raise TelegramRefused(api=self.api, reason=error.message) from error
        except AiogramError as error:
            await self.close()
            raise TelegramUnreachable(api=self.api, reason=error) from error
        return self.me

    async def call(self, method: TelegramMethod[T]) -> T:
        """Make one call.

        Raises:
            AiogramError: Telegram refused it, or it is not known what became of it;
                `NotReached` if it certainly was not made. No error tells the token.
        """
        bot = self._bot
        if bot is None:
            raise NotReached(method, "the connection is closed")
        try:
            # aiogram declares seconds here, and hands what it gets on to aiohttp, which takes both.
            return await bot.session(bot, method, timeout=self._limits(method))  # type: ignore[arg-type]
        except UnicodeDecodeError as error:
            trouble: AiogramError = Unreadable(self._hidden(error.object.decode(errors="replace")))
        except AiogramError as error:
            trouble = self._masked(error, method)
        # Alone, outside of the handlers: the errors behind it may tell the token.
        trouble.__cause__ = trouble.__context__ = None
        raise trouble

    def _limits(self, method: TelegramMethod[T]) -> ClientTimeout:
        """How long a call may take; at most half of the deadline goes into getting connected."""
        deadline = self._deadline.total_seconds()
        waits = (method.timeout or 0) if isinstance(method, GetUpdates) else 0
        return ClientTimeout(total=deadline + waits, connect=deadline / 2)

    def _masked(self, error: AiogramError, method: TelegramMethod[T]) -> AiogramError:
        """The error without the token in it."""
        match error:
            case TelegramNetworkError() if isinstance(error.__cause__, _NOT_REACHED):
                return NotReached(method, self._hidden(error.message))
            case DetailedAiogramError():
                error.message = self._hidden(f"{error.message}")
                error.args = (error.message,)
                return error
            case ClientDecodeError():
                data = error.data
                return Unreadable(self._hidden(data) if isinstance(data, str) else data)
        return AiogramError(self._hidden(str(error)))

    def _hidden(self, text: str) -> str:
        return text.replace(self._secret, _HIDDEN) if self._secret else text

    async def stop_spinner(self, press: str) -> None:
        """Tell Telegram that a press of a button was received: its spinner stops.

        Nothing hangs on it, so a failure is only logged: Telegram takes an answer for some
        minutes at most, and the spinner stops by itself in the end.
        """
        try:
            await self.call(AnswerCallbackQuery(callback_query_id=press))
        except AiogramError as error:
            _log.debug("spinner_not_stopped", reason=str(error))

    async def close(self) -> None:
        """End every call and disconnect. Safe to call twice."""
        bot, self._bot = self._bot, None
        if bot is not None:
            await bot.session.close()


class _Session(AiohttpSession):
    """aiogram's session, but for the answers of a server that fails: those need not be JSON."""

    def check_response(
        self, bot: Bot, method: TelegramMethod[T], status_code: int, content: str
    ) -> Response[T]:
        """The answer, or the error that it stands for."""
        if status_code >= _SERVER_ERROR:
            raise TelegramServerError(method, f"HTTP {status_code}")
        return super().check_response(bot, method, status_code, content)
