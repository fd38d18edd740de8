"""A member has one form, kept at every step; it listens while it is not put aside."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import forms
from storage.forms import Form, Listening
from tests.storage.builders import ACCOUNT, MINUTE, NOW, PLATFORM, member

HERE = "person:id-阿玲"


async def form(connection: AsyncConnection, name: str = "阿玲", step: str = "groups") -> Form:
    """Somebody's form, kept."""
    filler = await member(connection, name, staff=True)
    body = {"answers": {"kind": "broadcast"}, "words": ["1", "「{x}」"]}
    made = Form(filler.id, ACCOUNT, f"person:id-{name}", "campaign", step, body, NOW)
    await forms.keep(connection, made)
    return made


async def listening(connection: AsyncConnection, account: str = ACCOUNT) -> dict[str, Listening]:
    """Whose form listens, of the two people of these tests."""
    people = ["id-阿玲", "id-阿强"]
    return await forms.listening(connection, PLATFORM, account, people, NOW - MINUTE)


async def test_a_form_is_found_as_it_was_kept(connection: AsyncConnection) -> None:
    made = await form(connection)
    assert await forms.of_member(connection, made.member_id) == made
    assert await forms.of_member(connection, made.member_id + 1) is None


async def test_a_member_has_one_form_as_it_stood_last(connection: AsyncConnection) -> None:
    made = await form(connection)
    moved = replace(made, step="time", body={"answers": {}}, moved_at=NOW + MINUTE, left_at=NOW)
    await forms.keep(connection, moved)
    assert await forms.of_member(connection, made.member_id) == moved


async def test_a_form_listens_to_its_member_at_its_address(connection: AsyncConnection) -> None:
    await form(connection)
    await form(connection, "阿强", "text")
    assert await listening(connection) == {
        "id-阿玲": Listening(HERE, "groups"),
        "id-阿强": Listening("person:id-阿强", "text"),
    }
    assert await forms.listening(connection, PLATFORM, ACCOUNT, [], NOW - MINUTE) == {}


@pytest.mark.parametrize(
    "changed",
    [{"left_at": NOW}, {"account": "room:other"}, {"moved_at": NOW - MINUTE}],
    ids=["put aside", "filled in elsewhere", "forgotten"],
)
async def test_other_forms_do_not_listen(
    connection: AsyncConnection, changed: dict[str, object]
) -> None:
    made = await form(connection)
    await forms.keep(connection, replace(made, **changed))  # type: ignore[arg-type]  # a table of fields
    assert await listening(connection) == {}


async def test_the_same_id_on_another_platform_is_somebody_else(
    connection: AsyncConnection,
) -> None:
    await form(connection)
    assert await forms.listening(connection, "wechat", ACCOUNT, ["id-阿玲"], NOW - MINUTE) == {}


async def test_a_form_is_dropped_once_and_only_where_it_is_meant(
    connection: AsyncConnection,
) -> None:
    made, other = await form(connection), await form(connection, "阿强")
    assert not await forms.drop(connection, made.member_id, at_step="preview")
    assert await forms.drop(connection, made.member_id, at_step="groups")
    assert not await forms.drop(connection, made.member_id)
    assert await forms.of_member(connection, other.member_id) == other
