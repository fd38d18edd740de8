"""What is to be said, as a value: text, pictures, buttons and mentions.

Every outgoing message is a `Content`, whichever channel carries it; channels translate it into
what their platform can show. It travels to storage and to the room's door as plain JSON.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

_DRAWN = "data:image/png;base64,"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by its address: a path below the data folder, or an http(s) address.

    One that the bot has drawn and nobody need keep is its own address (`data:image/png;base64,` and
    its bytes; see `drawn`). One that was sent in a chat has its channel's own (`room:...`,
    `telegram:...`), which only the account that heard it can show again.
    """

    source: str
    caption: str = ""

    @classmethod
    def drawn(cls, png: bytes, caption: str = "") -> Picture:
        """A picture of these bytes, which are a PNG file's."""
        return cls(f"{_DRAWN}{base64.b64encode(png).decode('ascii')}", caption)

    @property
    def bytes_drawn(self) -> bytes | None:
        """The PNG file's bytes of a picture that the bot has drawn; None of any other."""
        if not self.source.startswith(_DRAWN):
            return None
        return base64.b64decode(self.source.removeprefix(_DRAWN))


@dataclass(frozen=True, slots=True)
class Button:
    """A button below a message; pressing it says `says` to the bot in the presser's name.

    One with a `link` opens that instead, and says nothing.
    """

    label: str
    says: str
    link: str = ""

    def to_json(self) -> dict[str, str]:
        """The button as plain JSON."""
        document = {"label": self.label, "says": self.says}
        return document | {"link": self.link} if self.link else document


@dataclass(frozen=True, slots=True)
class Mention:
    """A member called by name in the text: `person` is the platform's id."""

    person: str
    name: str


@dataclass(frozen=True, slots=True)
class Content:
    """One message as it should appear. Text is plain; a channel escapes it for its platform."""

    text: str
    pictures: tuple[Picture, ...] = ()
    buttons: tuple[Button, ...] = ()
    mentions: tuple[Mention, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The content as plain JSON; empty parts are left out."""
        document: dict[str, Any] = {"text": self.text}
        if self.pictures:
            document["pictures"] = [
                {"source": picture.source, "caption": picture.caption} for picture in self.pictures
            ]
        if self.buttons:
            document["buttons"] = [button.to_json() for button in self.buttons]
        if self.mentions:
            document["mentions"] = [
                {"person": mention.person, "name": mention.name} for mention in self.mentions
            ]
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Content:
        """The content that `to_json` wrote.

        Raises:
            KeyError: a required part is missing.
            TypeError: a part has another shape.
        """
        return cls(
            text=document["text"],
            pictures=tuple(Picture(**part) for part in document.get("pictures", ())),
            buttons=tuple(Button(**part) for part in document.get("buttons", ())),
            mentions=tuple(Mention(**part) for part in document.get("mentions", ())),
        )
