from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scheduler.nodes import NodesBroken, nodes_of, read_nodes
from scheduler.wall_time import ZoneUnknown

GOOD = """
[[node]]
programme = "double11"
key = "balance-start"
name = { zh = "尾款开始", en = "balances can be paid" }
at = "2027-10-20T20:00"
source = "the shop"
"""


def written(folder: Path, text: str, name: str = "tmall-2027.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("programme", "year", "known"),
    [
        ("double11", 2021, {"presale-start": "10-20 20:00"}),
        (
            "double11",
            2022,
            {
                "presale-start": "10-24 20:00",
                "spot-start": "10-31 20:00",
                "second-wave": "11-10 20:00",
            },
        ),
        (
            "double11",
            2024,
            {
                "presale-start": "10-14 20:00",
                "balance-start": "10-21 20:00",
                "spot-start": "10-21 20:00",
                "second-wave": "10-31 20:00",
            },
        ),
        ("618", 2024, {"sale-start": "05-20 20:00", "second-wave": "05-31 20:00"}),
    ],
)
def test_tmall_s_nodes_of_past_years_are_known_to_the_minute_and_with_their_source(
    programme: str, year: int, known: dict[str, str]
) -> None:
    nodes = nodes_of("tmall", programme, year)
    assert {key: f"{node.at:%m-%d %H:%M}" for key, node in nodes.items()} == known
    for node in nodes.values():
        assert node.confirmed
        assert node.source
        assert node.name["zh"]
        assert f"{node.at:%Y%z}" == f"{year}+0800"


@pytest.mark.parametrize(("platform", "year"), [("tmall", 2026), ("nowhere", 2024)])
def test_a_year_that_nobody_has_written_down_has_no_nodes(platform: str, year: int) -> None:
    assert nodes_of(platform, "double11", year) == {}
    assert nodes_of("tmall", "618", 2022) == {}


def test_the_shop_s_own_nodes_win(tmp_path: Path) -> None:
    own = GOOD.replace("2027-10-20", "2024-10-22") + "confirmed = false\n"
    written(tmp_path, own, "tmall-2024.toml")
    nodes = nodes_of("tmall", "double11", 2024, tmp_path)
    assert nodes["balance-start"].at == datetime(2024, 10, 22, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert not nodes["balance-start"].confirmed
    assert nodes["second-wave"].confirmed
    assert nodes_of("tmall", "double11", 2027, tmp_path / "missing") == {}


def test_a_file_may_be_in_another_zone(tmp_path: Path) -> None:
    path = written(tmp_path, 'zone = "America/New_York"\n' + GOOD)
    assert f"{read_nodes(path)['double11']['balance-start'].at:%z}" == "-0400"
    with pytest.raises(ZoneUnknown, match="Mars"):
        read_nodes(written(tmp_path, 'zone = "Mars/Olympus"\n' + GOOD))


@pytest.mark.parametrize(
    ("old", "new", "part", "reason"),
    [
        ('key = "balance-start"', "key = ", "its syntax", "line 4"),
        ("[[node]]", "[node]", "node", "[[node]]"),
        ('at = "2027-10-20T20:00"', "", "node balance-start.at", "it is missing"),
        ("2027-10-20T20:00", "20 October", "node balance-start.at", "'20 October'"),
        ("2027-10-20T20:00", "2027-10-20", "node balance-start.at", "2024-10-21T20:00"),
        ("2027-10-20T20:00", "2027-10-20T20:00Z", "node balance-start.at", "without a zone"),
        ('source = "the shop"', "", "node balance-start.source", "it is missing"),
        ('zh = "尾款开始", ', "", "node balance-start.name", "no Chinese"),
        ("source =", "colour = 3\nsource =", "node balance-start.colour", "it is unknown"),
        (
            "source =",
            'confirmed = "yes"\nsource =',
            "node balance-start.confirmed",
            "true or false",
        ),
        ("[[node]]", "year = 3\n[[node]]", "year", "the parts here are zone, node"),
    ],
)
def test_a_broken_file_is_told_by_its_part(
    tmp_path: Path, old: str, new: str, part: str, reason: str
) -> None:
    assert old in GOOD
    with pytest.raises(NodesBroken) as caught:
        read_nodes(written(tmp_path, GOOD.replace(old, new, 1)))
    assert caught.value.facts["file"] == "tmall-2027.toml"
    assert caught.value.facts["part"] == part
    assert reason in str(caught.value)


def test_a_node_is_written_once(tmp_path: Path) -> None:
    with pytest.raises(NodesBroken, match="balance-start"):
        read_nodes(written(tmp_path, GOOD + GOOD))
