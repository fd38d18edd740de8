"""The npm packages that the gateway of the tests is made of: installed once, beside `package.json`.

`python -m tests.peers.wechat.packages` installs them ahead of the tests.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

from tests.peers import absent

HERE = Path(__file__).parent
INSTALL = (
    *("npm", "install", "--save-exact", "--ignore-scripts", "--legacy-peer-deps"),
    *("--no-package-lock", "--no-audit", "--no-fund"),
)


def present() -> None:
    """See that the packages are there; ends the running test where they cannot be had."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        how = "Install Node 18 or newer with npm, on Debian with: apt-get install nodejs npm"
        absent("Node", how)
    trouble = install(HERE)
    if trouble:
        absent("Wechaty's gateway", f"npm could not install it: {trouble}")


def install(folder: Path) -> str:
    """Install the packages of the folder's `package.json`, unless that was done; what npm objects.

    Only one process at a time does; the others wait for it.
    """
    wanted = (folder / "package.json").read_text()
    installed = folder / "node_modules" / "installed.json"
    with (folder / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if installed.exists() and installed.read_text() == wanted:
            return ""
        finished = subprocess.run(
            INSTALL,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode:
            return f"{finished.stdout}{finished.stderr}".strip() or "it does not say why"
        installed.write_text(wanted)
    return ""


if __name__ == "__main__":
    present()
