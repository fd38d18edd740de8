"""The page `/accounts`: each account as it stands, with the code to scan where one is wanted.

It stands beside the room's page and is for the managers who are signed in there; anybody else is
told that there is no such page. What it shows is what is stored, looked at every two seconds, so
that a code that is scanned is always the newest. A code is drawn on this machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from nicegui import ui

from bot.console import ACCOUNTS_PATH
from bot.console.cards import Card, Speech, card
from bot.room.chat_parts import part, words_in
from bot.room.entrance import signed_in
from bot.room.page_text import LANGUAGE_COOKIE, Words, choose_language, load_words
from bot.room.room import Room
from bot.room.values import Role
from handlers.desk import Desk
from handlers.qr_codes import svg_of
from handlers.wording import wording
from storage.accounts import states
from storage.lanes import leased

_HERE = Path(__file__).parent
_LOOK = (_HERE / "accounts.css").read_text(encoding="utf-8")
_LOOK_EVERY = 2.0  # seconds; a code lasts a minute or so

WORDS = load_words(_HERE / "words.toml")


def add_accounts_page(room: Room, desk: Desk) -> None:
    """Serve the page beside the one of an open room that is shown by this process."""

    @ui.page(ACCOUNTS_PATH, title=WORDS["zh"]("accounts"), favicon=None)
    async def page(request: Request) -> Response | None:
        person = signed_in(room, request.cookies)
        if person is None:
            return RedirectResponse("/enter", 303)
        if person.role is not Role.MANAGER:
            return PlainTextResponse("Not Found\n", 404)
        accepted = request.headers.get("accept-language")
        language = choose_language(request.cookies.get(LANGUAGE_COOKIE), accepted)
        words = WORDS[language]
        ui.page_title(words("accounts"))
        ui.add_head_html(
            '<link rel="stylesheet" href="/assets/look.css">'
            '<link rel="icon" href="/assets/mark.svg">'
            f"<style>{_LOOK}</style>"
            f'<script>document.documentElement.lang = "{words("language")}"</script>'
        )
        shown = AccountsPage(desk, Speech(words, wording(language), desk.show_time), language)
        await shown.build()
        return None


class AccountsPage:
    """The accounts as one manager sees them in one tab."""

    def __init__(self, desk: Desk, speech: Speech, language: str) -> None:
        self._desk = desk
        self._speech = speech
        self._language = language
        self._cards: Sequence[Card] = ()

    async def build(self) -> None:
        """Draw the page, and look again every now and then for as long as it is open."""
        words = self._speech.words
        with part("div", "accounts-page"):
            self._draw_head(words)
            self._list = part("main", "accounts", "accounts")
        await self._look()
        ui.timer(_LOOK_EVERY, self._look)

    async def _look(self) -> None:
        """Draw the accounts, if anything about them is new."""
        async with self._desk.database.reading() as connection:
            known = await states(connection)
            served = await leased(connection)
        cards = [
            card(name, known.get(name), self._speech, served=name in served)
            for name in self._desk.senders
        ]
        if cards != self._cards:
            self._cards = cards
            self._list.clear()
            with self._list:
                for one in cards:
                    self._draw(one)

    def _draw_head(self, words: Words) -> None:
        with part("header", "accounts-head"):
            part("img", "brand-mark", src="/assets/mark.svg", alt="")
            with part("div", "brand-words"):
                words_in("h1", words("accounts"), "brand-name", "title")
                words_in("div", words("tagline"), "tagline")
            words_in("a", words("back"), "quiet", "back", href="/")
            with part("form", "", method="post", action="/language"):
                other = next(code for code in WORDS if code != self._language)
                part("input", "", type="hidden", name="to", value=other)
                part("input", "", type="hidden", name="back", value=ACCOUNTS_PATH)
                words_in("button", words("other_language"), "quiet", "language")

    def _draw(self, one: Card) -> None:
        words = self._speech.words
        with part("section", "account", "account"):
            with part("div", "account-title"):
                words_in("h2", one.account, "account-name")
                words_in("span", words(one.mark), f"badge account-{one.mark}", "state")
            for line in one.lines:
                words_in("p", line, "account-line")
            if one.code is not None:
                self._draw_code(one.account, one.code)

    def _draw_code(self, account: str, code: str) -> None:
        words, svg = self._speech.words, svg_of(code)
        if svg is None:
            words_in("p", words("too_long"), "account-line")
            return
        with part("div", "code", "code", role="img", aria_label=f"{account}: {words('scan')}"):
            ui.html(svg, sanitize=False)  # our own drawing: nobody's words are in it
