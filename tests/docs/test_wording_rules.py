"""The reference of the wording rules names every rule, and its example is one."""

from __future__ import annotations

import re
from pathlib import Path

from docs.wording_rules import wording_rules_page
from scheduler.wording_rules import all_rules, read_rules


def test_every_rule_is_in_the_reference() -> None:
    page = wording_rules_page()
    for rule in all_rules():
        assert f"### {rule.id}\n" in page
        assert rule.source in page


def test_the_example_can_be_read(tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", wording_rules_page(), re.DOTALL)
    assert found is not None
    file = tmp_path / "rules.toml"
    file.write_text(found[1], encoding="utf-8")
    (rule,) = read_rules(file)
    assert rule.hits is not None
    assert rule.hits.search("稳中大奖")
