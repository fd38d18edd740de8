"""The npm packages of the gateway: what is missing is said, and what is there is left alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.peers.wechat import packages


def test_what_is_installed_is_not_installed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"private": True}))
    (tmp_path / "node_modules").mkdir()
    monkeypatch.setattr(packages, "INSTALL", ("true",))
    assert packages.install(tmp_path) == ""
    monkeypatch.setattr(packages, "INSTALL", ("false",))
    assert packages.install(tmp_path) == ""
    (tmp_path / "package.json").write_text(json.dumps({"private": False}))
    assert packages.install(tmp_path) == "it does not say why"


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_without_node_a_test_skips_and_in_ci_fails_saying_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(outcome, match=r"Node is not on this machine.*apt-get install nodejs npm"):
        packages.present()


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_without_a_registry_a_test_skips_and_in_ci_fails_with_what_npm_says(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(packages, "install", lambda _: "network timeout")
    with pytest.raises(outcome, match=r"could not install it: network timeout"):
        packages.present()
