"""The parts a chat is drawn with: avatars, badges, bubbles, lines between them.

Everything that people wrote goes through `words_in`, which hands it to the browser as text, never
as HTML. `data-mark` attributes name the parts for the page's script and for the browser tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from bot.room.page_text import Words, clock_words
from bot.room.values import Person, Role, RoomGroup, RoomMessage
from scheduler.content import Content, Picture

AVATAR_COLOURS = 8  # the classes tint-0 … tint-7 in look.css


def part(tag: str, classes: str, mark: str = "", **attributes: str) -> ui.element:
    """An element without text; underscores in attribute names stand for dashes."""
    element = ui.element(tag).classes(classes)
    return _marked(element, mark, attributes)


def words_in(
    tag: str, text: str, classes: str = "", mark: str = "", **attributes: str
) -> ui.element:
    """An element that shows `text` as text, whatever it holds."""
    element = TextElement(tag=tag, text=text).classes(classes)
    return _marked(element, mark, attributes)


def _marked(element: ui.element, mark: str, attributes: dict[str, str]) -> ui.element:
    if mark:
        element.props["data-mark"] = mark
    for name, value in attributes.items():
        element.props[name.rstrip("_").replace("_", "-")] = value
    return element


def icon(name: str, label: str, mark: str) -> ui.element:
    """A round button with a picture from `web/`; `label` is for those who cannot see it."""
    button = part("button", "icon", mark, type="button", title=label, aria_label=label)
    with button:
        part("span", f"sign sign-{name}")
    return button


def avatar(person: Person) -> None:
    """Somebody's initial in a colour that stays theirs; the bot has a face."""
    if person.role is Role.BOT:
        part("img", "avatar bot-avatar", src="/assets/mark.svg", alt="")
    else:
        _initial(person.id, person.name)


def group_avatar(group: RoomGroup, among: Sequence[RoomGroup]) -> None:
    """A group's letter: the first in which names differ, as many begin with the shop's own."""
    letters = zip(*(one.name for one in among), strict=False)
    differs = next((at for at, column in enumerate(letters) if len(set(column)) > 1), 0)
    _initial(group.id, group.name[differs:])


def _initial(identity: str, name: str) -> None:
    tint = sum(identity.encode()) % AVATAR_COLOURS  # neighbours in the list differ
    words_in("div", name[0].upper(), f"avatar tint-{tint}", aria_hidden="true")


def badge(person: Person, words: Words) -> None:
    """What somebody is, if more than a fan."""
    if person.role is not Role.FAN:
        key = "bot" if person.role is Role.BOT else "manager"
        words_in("span", words(key), f"badge {key}-badge")


def system_line(text: str, mark: str = "system-line") -> ui.element:
    """A quiet line in the middle: who came, who left, which day it is."""
    return words_in("div", text, "system-line", mark)


def text_pieces(content: Content) -> Iterator[tuple[str, bool]]:
    """The text in pieces; the flag says whether a piece calls a member by name."""
    text, start = content.text, 0
    names = sorted((f"@{mention.name}" for mention in content.mentions), key=len, reverse=True)
    at = text.find("@")
    while at >= 0:
        name = next((name for name in names if text.startswith(name, at)), None)
        if name is not None:
            if at > start:
                yield text[start:at], False
            yield name, True
            start = at + len(name)
        at = text.find("@", max(at + 1, start))
    if start < len(text):
        yield text[start:], False


def bubble(message: RoomMessage, viewer: Person, words: Words) -> tuple[ui.element, ...]:
    """What a message says, drawn into the open slot; its buttons are the answer."""
    if message.deleted:
        words_in("div", words("deleted"), "bubble gone", "gone")
        return ()
    content = message.content
    calls_viewer = any(mention.person == viewer.id for mention in content.mentions)
    with part("div", f"bubble{' calls-me' if calls_viewer else ''}", "bubble"):
        if message.pinned:
            with part("div", "pinned", "pinned"):
                part("span", "sign sign-pin")
                words_in("span", words("pinned"))
        for picture in content.pictures:
            _picture(picture)
        if content.text:
            with part("div", "text", "text"):
                for piece, is_call in text_pieces(content):
                    words_in("span", piece, "mention" if is_call else "")
    if not content.buttons:
        return ()
    with part("div", "buttons"):
        return tuple(
            words_in("button", button.label, "choice", "choice", type="button")
            for button in content.buttons
        )


def _picture(picture: Picture) -> None:
    """A picture as it fits into a bubble; behind it, the same as large as it is."""
    remote = picture.source.startswith(("https://", "http://"))
    source = picture.source if remote else f"/{picture.source}"
    with part("figure", "picture"):
        with part("a", "", href=source, target="_blank", rel="noopener noreferrer"):
            part(
                "img",
                "",
                "picture-shown",
                src=source,
                alt=picture.caption,
                loading="lazy",
                referrerpolicy="no-referrer",
            )
        if picture.caption:
            words_in("figcaption", picture.caption)


def message_head(message: RoomMessage, words: Words, zone: tzinfo | None) -> None:
    """Who said it and when."""
    with part("div", "head"):
        words_in("span", message.sender.name, "name")
        badge(message.sender, words)
        words_in("time", clock_words(message.at, zone), datetime_=message.at.isoformat())
        if message.edited and not message.deleted:
            words_in("span", words("edited"), "edited")
