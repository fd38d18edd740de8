"""Each of Telegram's errors means one outcome."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from aiogram.exceptions import (
    AiogramError,
    RestartingTelegram,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import SendMessage, TelegramMethod

from bot.channels.telegram.connection import NotReached, Unreadable
from bot.channels.telegram.outcomes import REFUSALS, outcome_of
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

HELLO: TelegramMethod[Any] = SendMessage(chat_id=-7, text="大家好")

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are "
    "exactly the same as a current content and reply markup of the message"
)

REFUSED: list[tuple[type[TelegramAPIError], str, type[Outcome]]] = [
    (TelegramBadRequest, NOT_MODIFIED, Done),
    (TelegramBadRequest, "Bad Request: message to delete not found", Done),
    (TelegramBadRequest, "Bad Request: CHAT_NOT_MODIFIED", Done),
    (TelegramBadRequest, "Bad Request: USER_ALREADY_PARTICIPANT", Done),
    (TelegramBadRequest, "Bad Request: message to edit not found", Unable),
    (TelegramBadRequest, "Bad Request: message can't be edited", Unable),
    (TelegramBadRequest, "Bad Request: message can't be deleted for everyone", Unable),
    (TelegramBadRequest, "Bad Request: message to pin not found", Unable),
    (TelegramBadRequest, "Bad Request: HIDE_REQUESTER_MISSING", Unable),
    (TelegramBadRequest, "Bad Request: message is too long", Unable),
    (TelegramBadRequest, "Bad Request: message caption is too long", Unable),
    (TelegramBadRequest, "Bad Request: failed to get HTTP URL content", Unable),
    (TelegramBadRequest, "Bad Request: PHOTO_INVALID_DIMENSIONS", Unable),
    (TelegramBadRequest, "Bad Request: not enough rights to send text messages to the chat", Muted),
    (TelegramForbiddenError, "Forbidden: not enough rights to send text messages", Muted),
    (TelegramBadRequest, "Bad Request: have no rights to send a message", Muted),
    (TelegramBadRequest, "Bad Request: need administrator rights in the channel chat", Muted),
    (TelegramBadRequest, "Bad Request: CHAT_WRITE_FORBIDDEN", Muted),
    (TelegramBadRequest, "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN", Muted),
    (TelegramBadRequest, "Bad Request: CHAT_RESTRICTED", Muted),
    (TelegramBadRequest, "Bad Request: not enough rights to send photos to the chat", Unable),
    (TelegramBadRequest, "Bad Request: not enough rights to manage pinned messages", Unable),
    (TelegramForbiddenError, "Forbidden: CHAT_ADMIN_REQUIRED", Unable),
    (TelegramBadRequest, "Bad Request: TOPIC_CLOSED", Unable),
    (TelegramBadRequest, "Bad Request: TOPIC_DELETED", Unable),
    (TelegramBadRequest, "Bad Request: message thread not found", Unable),
    (TelegramBadRequest, "Bad Request: chat not found", AddressGone),
    (TelegramBadRequest, "Bad Request: group chat was deactivated", AddressGone),
    (TelegramBadRequest, "Bad Request: PEER_ID_INVALID", AddressGone),
    (TelegramBadRequest, "Bad Request: CHANNEL_PRIVATE", AddressGone),
    (TelegramForbiddenError, "Forbidden: bot was kicked from the supergroup chat", AddressGone),
    (TelegramForbiddenError, "Forbidden: bot is not a member of the supergroup chat", AddressGone),
    (TelegramForbiddenError, "Forbidden: bot was blocked by the user", AddressGone),
    (TelegramForbiddenError, "Forbidden: user is deactivated", AddressGone),
    (TelegramForbiddenError, "Forbidden: bot can't initiate conversation with a user", AddressGone),
    (TelegramForbiddenError, "Forbidden: the group chat was deleted", AddressGone),
    (TelegramUnauthorizedError, "Unauthorized", AccountDown),
    (TelegramNotFound, "Not Found", AccountDown),
    (TelegramNotFound, "Not Found: method not found", Unable),
    (TelegramConflictError, "Conflict: terminated by other getUpdates request", Unable),
    (TelegramServerError, "HTTP 502", Unclear),
    (RestartingTelegram, "Internal Server Error: restart", Unclear),
    (TelegramNetworkError, "Request timeout error", Unclear),
    (NotReached, "Cannot connect to host api.telegram.org:443", NothingSent),
    (TelegramEntityTooLarge, "Request Entity Too Large", Unable),
]  # fmt: skip


@pytest.mark.parametrize(("error", "says", "expected"), REFUSED)
def test_what_telegram_says_means_one_outcome(
    error: type[TelegramAPIError], says: str, expected: type[Outcome]
) -> None:
    outcome = outcome_of(error(method=HELLO, message=says), receipt="12")
    assert type(outcome) is expected


def test_every_row_of_the_table_is_tried() -> None:
    said = [says.lower() for _, says, _ in REFUSED]
    assert [row.words for row in REFUSALS if not any(row.words in says for says in said)] == []


def test_what_is_so_already_has_its_receipt() -> None:
    error = TelegramBadRequest(method=HELLO, message=NOT_MODIFIED)
    assert outcome_of(error, receipt="12") == Done("12")


def test_a_reason_is_what_telegram_said() -> None:
    error = TelegramForbiddenError(method=HELLO, message="Forbidden: user is deactivated")
    assert outcome_of(error, "") == AddressGone("Forbidden: user is deactivated")


def test_too_fast_says_for_how_long() -> None:
    error = TelegramRetryAfter(method=HELLO, message="Too Many Requests", retry_after=35)
    assert outcome_of(error, "") == TooFast(timedelta(seconds=35))


def test_a_group_that_moved_was_sent_nothing() -> None:
    error = TelegramMigrateToChat(method=HELLO, message="upgraded", migrate_to_chat_id=-1007)
    assert outcome_of(error, "") == NothingSent("the group is now -1007")


@pytest.mark.parametrize("error", [Unreadable("<html>"), AiogramError("of a kind yet unknown")])
def test_what_nobody_can_read_is_unclear(error: AiogramError) -> None:
    assert isinstance(outcome_of(error, ""), Unclear)
