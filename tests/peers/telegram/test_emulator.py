"""What the contract of a channel leaves out on the emulator, because the emulator cannot do it."""

from __future__ import annotations

import pytest

from tests.peers.telegram import emulator

LACKING = (
    "approveChatJoinRequest",
    "createChatInviteLink",
    "deleteMessages",
    "getChat",
    "getChatAdministrators",
    "pinChatMessage",
)


@pytest.mark.parametrize("method", LACKING)
def test_the_emulator_still_lacks_it(method: str) -> None:
    assert not emulator.implements(method), "the contract can be run there now"


async def test_the_emulator_takes_no_other_updates_yet() -> None:
    async with emulator.running() as running:
        with pytest.raises(AssertionError, match="support message, callback_query or inline_query"):
            await running.tell("chat_member", {})
