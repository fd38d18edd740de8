"""Prints how long the headless demo takes, from the start of its process to its end.

Run it with: python tests/benchmarks/bench_demo.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).parents[2]
TARGET = 60


def main() -> None:
    """Live through the twelve days once."""
    began = time.perf_counter()
    lived = subprocess.run(
        [sys.executable, "-m", "bot", "demo", "--headless", "--json"],
        env={**os.environ, "PYTHONPATH": str(TOP)},
        stdout=subprocess.PIPE,
        check=True,
    )
    seconds = time.perf_counter() - began
    document = json.loads(lived.stdout)
    print(
        f"demo: {seconds:.1f} s (target {TARGET}: {'met' if seconds < TARGET else 'MISSED'}), "
        f"{document['messages']} messages, {sum(document['deliveries'].values())} deliveries"
    )


if __name__ == "__main__":
    main()
