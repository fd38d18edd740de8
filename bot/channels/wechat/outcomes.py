"""What a failed call to a gateway means to the sender: one table, and nothing that remembers.

A gateway hands on what its puppet threw, in words that nobody has listed. The rows are those that
puppets and WeChat are seen to say (the sources stand beside them), looked through in order for
words that the reason holds, whatever their case. What stands in no row says nothing certain:
messages have arrived of which an error was told (wechaty/wechaty-puppet-padchat #141).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from bot.channels.wechat.gateway import Failure, GatewayCallFailed
from scheduler.courier import (
    AccountDown,
    Action,
    AddressGone,
    NothingSent,
    Outcome,
    Post,
    Unable,
    Unclear,
)

LOGGED_OUT = AccountDown("logged out")
RESTRICTED = AccountDown("restricted")


class Row(NamedTuple):
    """Words in the reason of a refusal, and the outcome they mean."""

    words: str
    means: Callable[[str], Outcome]
    names_chat: bool = False  # whether it counts only where the reason names whom it was for


# fmt: off
REFUSALS: tuple[Row, ...] = (
    # The puppet gave up waiting for WeChat: wechaty/wechaty-puppet-padplus #51,
    # wechaty/puppet-supports #87.
    Row("timeout", Unclear),
    Row("timed out", Unclear),

    # The account (wechaty-puppet 1.20.2, login-mixin.ts).
    Row("not logged in", AccountDown),
    Row("not login", AccountDown),
    Row("未登录", AccountDown),

    # The puppet does not have it (wechaty-puppet 1.20.2, throw-unsupported-error.ts).
    Row("unsupported", Unable),
    Row("not supported", Unable),
    Row("not implement", Unable),

    # Nobody is there, or not for us. The first is wechaty-puppet-mock's word of an unknown id,
    # those in Chinese are what WeChat shows in the chat instead of sending.
    # A file or somebody called by name may be missing too, so that the id has to stand there.
    Row("no payload", AddressGone, names_chat=True),
    Row("not exist", AddressGone, names_chat=True),
    Row("no conversation", AddressGone),
    Row("not in the room", AddressGone),  # wechaty-puppet 1.20.2, room-member-mixin.ts
    Row("not in this room", AddressGone),
    Row("not a friend", AddressGone),
    Row("不是好友", AddressGone),
    Row("朋友验证", AddressGone),
    Row("拒收", AddressGone),
    Row("群聊已解散", AddressGone),
    Row("移出群聊", AddressGone),
)
# fmt: on


def outcome_of(failed: GatewayCallFailed, action: Action) -> Outcome:
    """What came of an action whose call failed. That the account is restricted is not seen here.

    A post that said it twice would be worse than one in doubt. Anything else that was refused, and
    nobody knows why, is not tried again and again; and that something is not there then means a
    message or a wish to be friends as well as a chat.
    """
    match failed.failure:
        case Failure.NOT_SENT:
            return NothingSent(failed.reason)
        case Failure.LOST:
            return Unclear(failed.reason)
        case Failure.TOKEN | Failure.TAKEN:
            return AccountDown(failed.reason)
        case Failure.UNKNOWN_CALL:
            return Unable(failed.reason)
    said = failed.reason.casefold()
    named = _names(said, (action.address.group or action.address.person or "").casefold())
    fitting = (row for row in REFUSALS if row.words in said and (named or not row.names_chat))
    means = next((row.means for row in fitting), None)
    if means is None:
        means = Unclear if isinstance(action, Post) else Unable
    elif means is AddressGone and not isinstance(action, Post):
        means = Unable
    return means(failed.reason)


def _names(said: str, chat: str) -> bool:
    """Whether the words name the chat by its whole id."""
    return re.search(rf"(?<!\w){re.escape(chat)}(?!\w)", said) is not None
