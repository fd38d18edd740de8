"""What a bot can say, change, take back and pin: the methods of the Bot API about messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.peers.telegram import forms
from tests.peers.telegram.calls import ATTACHED, Call
from tests.peers.telegram.people import entities_of, utf16
from tests.peers.telegram.refusals import bad
from tests.peers.telegram.whereabouts import chat_of
from tests.peers.telegram.world import Bot, Chat, Message, World

TEXT = 4096
CAPTION = 1024
ALBUM = range(2, 11)
BUTTON_BYTES = range(1, 65)
_SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
_NO_FILE = "wrong file identifier/HTTP URL specified"


class Speaking:
    """One call about messages."""

    def __init__(self, world: World, bot: Bot, call: Call) -> None:
        self._world = world
        self._bot = bot
        self._call = call
        self._given: Mapping[str, Any] = call.parameters

    def text(self) -> Any:
        """Say something."""
        chat = self._place("text messages")
        text = _checked_text(self._given["text"])
        return forms.message(self._stand(chat, text, "entities"))

    def picture(self) -> Any:
        """Show a picture."""
        chat = self._place("photos")
        caption = _checked_caption(self._given.get("caption", ""))
        file = self._file(self._given["photo"])
        return forms.message(self._stand(chat, caption, "caption_entities", pictures=(file,)))

    def album(self) -> Any:
        """Show several pictures as one."""
        chat = self._place("photos")
        media: Sequence[Mapping[str, Any]] = self._given["media"]
        if len(media) not in ALBUM:
            raise bad("the album must have from 2 to 10 items")
        captions = [_checked_caption(one.get("caption", "")) for one in media]
        files = [self._file(one["media"]) for one in media]
        name = self._world.new_name("album")
        return [
            forms.message(
                self._world.say(
                    chat,
                    self._bot.user,
                    caption,
                    entities=list(one.get("caption_entities", ())),
                    pictures=(file,),
                    album=name,
                    topic=self._given.get("message_thread_id"),
                )
            )
            for one, caption, file in zip(media, captions, files, strict=True)
        ]

    def gesture(self) -> Any:
        """Show that something is under way."""
        self._place("text messages")
        return True

    def edit_text(self) -> Any:
        """Change what a message says."""
        message = self._own("edit")
        if message.pictures:
            raise bad("there is no text in the message to edit")
        return self._change(message, _checked_text(self._given["text"]), "entities")

    def edit_caption(self) -> Any:
        """Change what stands below a picture."""
        message = self._own("edit")
        if not message.pictures:
            raise bad("there is no caption in the message to edit")
        caption = _checked_caption(self._given.get("caption", ""))
        return self._change(message, caption, "caption_entities")

    def edit_picture(self) -> Any:
        """Show another picture."""
        message = self._own("edit")
        media = self._given["media"]
        message.pictures = (self._file(media["media"]),)
        message.text = _checked_caption(media.get("caption", ""))
        return self._edited(message)

    def edit_buttons(self) -> Any:
        """Change only the buttons."""
        message = self._own("edit")
        keyboard = self._keyboard()
        if keyboard == message.keyboard:
            raise bad(_SAME)
        message.keyboard = keyboard
        return self._edited(message)

    def delete(self) -> Any:
        """Take a message back."""
        chat = chat_of(self._world, self._bot, self._given["chat_id"])
        self._delete(chat, self._found(chat, self._given["message_id"], "delete"))
        return True

    def delete_several(self) -> Any:
        """Take several back; those that are not there are passed over."""
        chat = chat_of(self._world, self._bot, self._given["chat_id"])
        for number in self._given["message_ids"]:
            message = chat.messages.get(number)
            if message is not None and not message.deleted:
                self._delete(chat, message)
        return True

    def pin(self) -> Any:
        """Keep a message in view."""
        self._pinnable().pinned = True
        return True

    def unpin(self) -> Any:
        """Keep it in view no more."""
        self._pinnable().pinned = False
        return True

    def _place(self, what: str) -> Chat:
        """The chat to speak in, if the bot may."""
        chat = chat_of(self._world, self._bot, self._given["chat_id"])
        if chat.is_group and not chat.member(self._bot.user).may_speak:
            raise bad(f"not enough rights to send {what} to the chat")
        number = self._given.get("message_thread_id")
        if number is None:
            return chat
        topic = chat.topics.get(number)
        if topic is None:
            raise bad("message thread not found")
        if not topic.open:
            raise bad("TOPIC_CLOSED")
        return chat

    def _stand(self, chat: Chat, text: str, marks: str, **more: Any) -> Message:
        keyboard = self._keyboard()
        return self._world.say(
            chat,
            self._bot.user,
            text,
            entities=[*self._given.get(marks, ()), *entities_of(text)],
            keyboard=keyboard,
            topic=self._given.get("message_thread_id"),
            **more,
        )

    def _file(self, given: str) -> str:
        if given.startswith(ATTACHED):
            return self._world.keep_file(self._call.uploads[given.removeprefix(ATTACHED)].data)
        if given in self._world.files:
            return given
        if given.startswith(("http://", "https://")):
            return self._world.keep_file(given.encode())  # fetched, as it were
        raise bad(_NO_FILE)

    def _keyboard(self) -> dict[str, Any] | None:
        markup: dict[str, Any] | None = self._given.get("reply_markup")
        for button in (one for row in (markup or {}).get("inline_keyboard", ()) for one in row):
            data = button.get("callback_data")
            if data is not None and len(data.encode()) not in BUTTON_BYTES:
                raise bad("BUTTON_DATA_INVALID")
            if data is None and not button.get("url"):
                raise bad("Text buttons are unallowed in the inline keyboard")
        return markup

    def _found(self, chat: Chat, number: int, what: str) -> Message:
        message = chat.messages.get(number)
        if message is None or message.deleted:
            raise bad(f"message to {what} not found")
        return message

    def _own(self, what: str) -> Message:
        chat = chat_of(self._world, self._bot, self._given["chat_id"])
        message = self._found(chat, self._given["message_id"], what)
        if message.sender is not self._bot.user:
            raise bad("message can't be edited")
        return message

    def _change(self, message: Message, text: str, marks: str) -> Any:
        entities = [*self._given.get(marks, ()), *entities_of(text)]
        keyboard = self._keyboard()
        if (text, entities, keyboard) == (message.text, message.entities, message.keyboard):
            raise bad(_SAME)
        message.text, message.entities, message.keyboard = text, entities, keyboard
        return self._edited(message)

    def _edited(self, message: Message) -> Any:
        message.edited_at = int(self._world.now())
        return forms.message(message)

    def _delete(self, chat: Chat, message: Message) -> None:
        rights = chat.member(self._bot.user).rights
        if message.sender is not self._bot.user and "can_delete_messages" not in rights:
            raise bad("message can't be deleted")
        message.deleted = True

    def _pinnable(self) -> Message:
        chat = chat_of(self._world, self._bot, self._given["chat_id"])
        if chat.is_group and "can_pin_messages" not in chat.member(self._bot.user).rights:
            raise bad("not enough rights to manage pinned messages in the chat")
        return self._found(chat, self._given["message_id"], "pin")


def _checked_text(text: str) -> str:
    if not text.strip():
        raise bad("message text is empty")
    if utf16(text) > TEXT:
        raise bad("message is too long")
    return text


def _checked_caption(caption: str) -> str:
    if utf16(caption) > CAPTION:
        raise bad("message caption is too long")
    return caption
