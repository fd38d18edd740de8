"""What an error of Telegram's means to the sender: one table, and nothing that remembers.

Telegram documents its errors' codes, but not their sentences; those here are the ones its Bot API
server is seen to answer (its source, `fail_query_with_error` in `Client.cpp`, and the issues of
the libraries named beside a row). Rows are looked through in order for words that the sentence
holds, whatever their case. What stands in no row goes by its code: 403 means that the bot is not
welcome at this address, any other refusal that this cannot be done, and that nothing was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)

from bot.channels.telegram.connection import NotReached
from scheduler.courier import (
    AccountDown,
    AddressGone,
    Done,
    Muted,
    NothingSent,
    Outcome,
    TooFast,
    Unable,
    Unclear,
)

NO_TEXT = "there is no text in the message to edit"
"""What Telegram says when a text is to replace the words below a picture (400)."""


class Row(NamedTuple):
    """Words in Telegram's sentence, and the outcome they mean. Done: it is so already."""

    words: str
    means: Callable[[str], Outcome]


# fmt: off
REFUSALS: tuple[Row, ...] = (
    # It is already as it was to be. MESSAGE_NOT_MODIFIED is given the first sentence by the server.
    Row("message is not modified", Done),
    Row("message to delete not found", Done),
    Row("chat_not_modified", Done),  # pinned already
    Row("user_already_participant", Done),  # somebody else let them in: tucnak/telebot #570

    # The bot is a member, but not allowed to write. Only what bars plain text bars everything.
    Row("not enough rights to send text", Muted),  # TelegramBotAPI/errors #5
    Row("have no rights to send a message", Muted),  # read by TelegramBots/Telegram.Bot
    Row("need administrator rights in the channel", Muted),  # teloxide/teloxide #450
    Row("chat_write_forbidden", Muted),
    Row("chat_send_plain_forbidden", Muted),
    Row("chat_restricted", Muted),  # by Telegram, even for admins: tdlib/telegram-bot-api #863

    # The rest of the rights, as for photos: this cannot be said or done, but other things can.
    Row("not enough rights", Unable),
    Row("chat_admin_required", Unable),
    # A topic that was closed or deleted says nothing about its group.
    Row("topic_closed", Unable),
    Row("topic_deleted", Unable),
    Row("message thread not found", Unable),

    # Nobody is there, or not for us.
    Row("chat not found", AddressGone),  # also of somebody who never started the bot
    Row("group chat was deactivated", AddressGone),
    Row("peer_id_invalid", AddressGone),
    Row("channel_private", AddressGone),

    # 404: a method that this Bot API server lacks, else a token of which there is no bot.
    Row("method not found", Unable),
)
# fmt: on


def outcome_of(error: AiogramError, receipt: str) -> Outcome:
    """What came of a call that raised an error.

    Args:
        error: what the connection raised.
        receipt: what to answer where it is so already.
    """
    match error:
        case NotReached():
            return NothingSent(error.message)
        case TelegramEntityTooLarge():  # 413: aiogram counts it among the network's errors
            return Unable("the picture is too large")
        case TelegramNetworkError() | TelegramServerError() | ClientDecodeError():
            # Even the page of a proxy: it may have handed the call on before it failed.
            return Unclear(error.message)
        case TelegramAPIError():
            return _refusal(error, receipt)
    return Unclear(str(error))


def _refusal(error: TelegramAPIError, receipt: str) -> Outcome:
    """What a refusal means: by its parameters, else by its words, else by its code."""
    match error:
        case TelegramRetryAfter():
            # Whether the chat or the account is meant, Telegram does not say: see `silences.py`.
            return TooFast(timedelta(seconds=error.retry_after))
        case TelegramMigrateToChat():
            return NothingSent(f"the group is now {error.migrate_to_chat_id}")
    said = error.message.lower()
    for words, means in REFUSALS:
        if words in said:
            return means(receipt if means is Done else error.message)
    match error:
        case TelegramUnauthorizedError() | TelegramNotFound():
            return AccountDown(error.message)
        case TelegramForbiddenError():  # kicked, blocked, deactivated, never started
            return AddressGone(error.message)
    return Unable(error.message)
