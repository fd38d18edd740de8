"""The doctor reads the shop's own files as the bot does, and tells what is wrong with each."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.doctor import examine
from bot.findings import Finding
from tests.handlers.programme_scenes import SALE

NODES = """
[[node]]
programme = "sale"
key = "sale-start"
name = { zh = "开场" }
at = "2026-11-12T20:00"
source = "https://example.com/notice"
"""


async def findings(here: Path, **files: str) -> dict[str, Finding]:
    """What is found of these files, each under its name in a folder: `programmes__sale`."""
    (here / "shop.toml").write_text("[room]\nport = 0\n", encoding="utf-8")
    for name, text in files.items():
        folder, _, file = name.partition("__")
        (here / folder).mkdir(exist_ok=True)
        (here / folder / f"{file.replace('_', '-')}.toml").write_text(text, encoding="utf-8")
    return {one.check: one for one in await examine(here / "shop.toml")}


async def test_programmes_and_nodes_that_can_be_read_are_counted(here: Path) -> None:
    found = await findings(here, programmes__sale=SALE, nodes__tmall_2026=NODES)
    assert found["programmes"] == Finding(
        "programmes", True, "8 come with the bot, 1 are the shop's own"
    )
    assert found["nodes.tmall-2026.toml"] == Finding("nodes.tmall-2026.toml", True, "1 nodes")


async def test_without_files_of_its_own_a_shop_has_ours(here: Path) -> None:
    found = await findings(here)
    assert found["programmes"].found == "8 come with the bot, 0 are the shop's own"
    assert [check for check in found if check.startswith("nodes")] == []


@pytest.mark.parametrize(
    ("file", "text", "said", "mend"),
    [
        (
            "programmes__sale",
            SALE.replace("关怀互动", "聊天", 1),
            "sale.toml is broken at task hello.kind: it has '聊天'",
            "Correct the file",
        ),
        ("programmes__sale", "key = ", "sale.toml is broken at its syntax", "Correct the file"),
        ("nodes__tmall_2026", "node = 1", "tmall-2026.toml are broken at node", "Correct the file"),
        ("nodes__jd_2026", NODES, "nothing reads a file of this name", "tmall-2026.toml"),
        ("nodes__tmall", NODES, "nothing reads a file of this name", "tmall-2026.toml"),
        (
            "nodes__tmall_2026",
            NODES.replace('"sale"', '"doble11"'),
            "it has nodes of doble11, and there is no such one",
            "The programmes are 618, double11,",
        ),
    ],
)
async def test_a_file_that_does_nothing_is_named_with_its_mend(
    here: Path, file: str, text: str, said: str, mend: str
) -> None:
    found = await findings(here, **{file: text})
    folder, _, name = file.partition("__")
    (bad,) = [one for one in found.values() if not one.well]
    assert bad.check == f"{folder}.{name.replace('_', '-')}.toml"
    assert said in bad.found
    assert bad.mend.startswith(mend) or mend in bad.mend


async def test_two_files_with_one_key_are_told_apart(here: Path) -> None:
    found = await findings(here, programmes__a=SALE, programmes__b=SALE)
    assert found["programmes"].found.endswith("1 are the shop's own")
    assert "another file has 'sale' already" in found["programmes.b.toml"].found
