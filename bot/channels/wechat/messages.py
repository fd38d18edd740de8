"""From a message's id to the event that it is: everything that is looked up for it.

Some messages are more than words: the bot's own post, which has its receipt by that; a number that
chooses what the bot offered, in place of a button; a picture of staff's, which is kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from bot.channels.wechat.gateway import Gateway, GatewayMessage, MessageType
from bot.channels.wechat.heeding import Caution, warns
from bot.channels.wechat.known import if_said, patiently
from bot.channels.wechat.people import People
from bot.channels.wechat.staff_pictures import StaffPictures
from bot.channels.wechat.together import both
from bot.channels.wechat.translation import PICTURE, Scene, taken_back, tells_something, translate
from handlers.events import ButtonPressed, MessageEdited, MessageHeard
from handlers.roles import Role
from scheduler.courier import Address

RoleOf = Callable[[str], Awaitable[Role]]
"""What somebody is to the bot, by their id on WeChat."""


class OwnPosts(Protocol):
    """What the bot itself says."""

    async def heard(self, message: GatewayMessage) -> bool:
        """Whether a message of the account's own is nothing that a person said."""
        ...


class Choices(Protocol):
    """What numbers stand for."""

    async def chosen(self, address: Address, text: str) -> str | None:
        """What a text chooses that was said in a chat; None where it is no number of a choice."""
        ...


Said = MessageHeard | MessageEdited | ButtonPressed


class Messages:
    """The messages of one account.

    Args:
        gateway: where they are looked up.
        people: who says them, and where.
        own_posts: knows the bot's own again.
        choices: knows what a number chooses.
        role_of: says whose pictures are kept.
        pictures: keeps them.
        caution: stops the account where a note says that it is restricted.
    """

    def __init__(
        self,
        *,
        gateway: Gateway,
        people: People,
        own_posts: OwnPosts,
        choices: Choices,
        role_of: RoleOf,
        pictures: StaffPictures,
        caution: Caution,
    ) -> None:
        self._gateway = gateway
        self._people = people
        self._own_posts = own_posts
        self._choices = choices
        self._role_of = role_of
        self._pictures = pictures
        self._caution = caution

    async def read(self, message: str, scene: Scene) -> Said | None:
        """What a message tells; None where it is nothing to the bot.

        Args:
            message: its id.
            scene: whose account it is, and when it was told of; the rest is found out here.

        Raises:
            GatewayCallFailed: the gateway does not show it, or cannot be reached.
        """
        found = await self._gateway.message(message)
        if warns(found, scene.me):
            await self._caution.stop(found.text)
            return None
        own = found.talker == scene.me
        if own and await self._own_posts.heard(found):
            return None
        if not tells_something(found):
            return None
        said = translate(found, await self._seen(found, scene))
        if isinstance(said, MessageHeard) and not own:
            return await self._chosen(said) or said
        return said

    async def _seen(self, message: GatewayMessage, scene: Scene) -> Scene:
        (sender, names), pictures = await both(
            both(self._sender(message), self._people.names(scene.me, message.room)),
            self._shown(message, scene.me),
        )
        chat = await self._people.chat(message.room, scene.me) if message.room else None
        return replace(
            scene,
            # Behind the chat, since who leads it is staff.
            sender=await self._people.person(sender, scene.me, message.room),
            chat=chat,
            names=names,
            pictures=pictures,
            title=await self._title(message),
        )

    async def _sender(self, message: GatewayMessage) -> str:
        """Who said it. Of what was taken back, who had said that: an admin takes others' back."""
        before = taken_back(message)
        if before is None:
            return message.talker
        asking = patiently(lambda: self._gateway.message(before))
        original = await if_said(self._caution, asking)
        return message.talker if original is None else original.talker

    async def _shown(self, message: GatewayMessage, me: str) -> tuple[str, ...]:
        if message.type != MessageType.IMAGE:
            return ()
        kept = None
        if message.talker == me or await self._role_of(message.talker) is Role.MANAGER:
            kept = await self._pictures.keep(message.id)
        return (kept or f"{PICTURE}{message.id}",)

    async def _title(self, message: GatewayMessage) -> str:
        if message.type != MessageType.URL:
            return ""
        asking = patiently(lambda: self._gateway.link(message.id))
        link = await if_said(self._caution, asking)
        return "" if link is None else link.title

    async def _chosen(self, said: MessageHeard) -> ButtonPressed | None:
        """In a group whole crowds say 1; there only a number that is meant for the bot chooses."""
        if said.chat is None:
            address = Address(person=said.sender.id)
        elif said.mentions_bot:
            address = Address(group=said.chat.id)
        else:
            return None
        says = None if said.forwarded else await self._choices.chosen(address, said.text)
        if says is None:
            return None
        return ButtonPressed(
            said.account,
            cursor="",
            at=said.at,
            press=said.message,
            chat=said.chat,
            sender=said.sender,
            says=says,
        )
