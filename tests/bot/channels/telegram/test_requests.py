"""Whatever the bot does on Telegram, it asks for it as the schema of the Bot API says."""

from __future__ import annotations

from functools import cache
from urllib.parse import urlencode

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.channels.telegram.rendering import method_of, words_changed
from scheduler.content import Button, Content, Mention, Picture
from scheduler.courier import Action, Address, Admit, Delete, Edit, Invite, Pin, Post
from tests.bot.channels.telegram.scripted import TOKEN
from tests.peers.telegram.calls import read

ids = st.integers(1, 2**52).map(str)
words = st.text(max_size=40)
addresses = st.one_of(
    st.builds(Address, person=ids),
    st.builds(Address, group=ids.map("-{}".format), topic=st.none() | ids),
)
buttons = st.lists(
    st.one_of(
        st.builds(Button, st.text(min_size=1, max_size=30), words),
        st.builds(Button, st.text(min_size=1, max_size=30), st.just(""), link=st.just("tg://a")),
    ),
    max_size=12,
).map(tuple)
mentions = st.lists(st.builds(Mention, ids, st.text(min_size=1, max_size=5)), max_size=3).map(tuple)
pictures = st.lists(st.builds(Picture, st.just("telegram:f"), words), max_size=4).map(tuple)


@st.composite
def contents(draw: st.DrawFn) -> Content:
    """A content whose mentions may stand in its text."""
    called = draw(mentions)
    text = draw(words) + "".join(f"@{one.name}{draw(words)}" for one in called)
    return Content(text, draw(pictures), draw(buttons), called)


receipts = st.lists(ids, min_size=1, max_size=3).map(",".join)
actions: st.SearchStrategy[Action] = st.one_of(
    st.builds(Post, words, addresses, contents()),
    st.builds(Edit, words, addresses, receipts, contents()),
    st.builds(Delete, words, addresses, receipts),
    st.builds(Pin, words, addresses, receipts),
    st.builds(Invite, words, addresses, words),
    st.builds(Admit, words, addresses, ids, st.booleans()),
)


@cache
def bot() -> Bot:
    return Bot(TOKEN, session=AiohttpSession())


def wrong_with(action: Action) -> str | None:
    """What the Bot API has against the request for an action."""
    methods = []
    content = action.content if isinstance(action, Post | Edit) else Content("")
    sources = [picture.source for picture in content.pictures]
    try:
        methods.append(method_of(action, sources))
    except ValueError:
        assume(False)
    if isinstance(action, Edit):
        methods.append(words_changed(action))
    for method in methods:
        session, form = bot().session, {}
        for name, value in method.model_dump(warnings=False).items():
            prepared = session.prepare_value(value, bot=bot(), files={})
            if prepared:  # as aiogram's session leaves out what is empty
                form[name] = prepared
        path = f"/bot{TOKEN}/{method.__api_method__}"
        call = read(path, "application/x-www-form-urlencoded", urlencode(form).encode())
        assert call is not None
        if call.wrong is not None:
            return call.wrong
    return None


@given(actions)
def test_every_request_is_one_that_the_bot_api_knows(action: Action) -> None:
    # A post without words is none; it is refused, and never asked for.
    if isinstance(action, Post | Edit):
        assume(action.content.text.strip() or action.content.pictures)
    assert wrong_with(action) is None


@pytest.mark.parametrize("link", ["https://t.me/nuanqun_bot?start=hello", "tg://user?id=42"])
def test_a_link_is_one_that_the_bot_api_knows(link: str) -> None:
    content = Content("看", buttons=(Button("看", "", link=link),))
    assert wrong_with(Post("k", Address(person="42"), content)) is None
