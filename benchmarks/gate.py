"""A cold gate and a warm one: CPU and wall time of each, and their ratio.

Usage: gate.py [MODEL ...]   (none: all that pagestate.toml names)
"""

import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _run(folder: Path, models: list[str]) -> tuple[float, float, str]:
    """CPU seconds, wall seconds and the summary of one gate."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "pagestate", "gate", *models]
    command += ["--cache", str(folder / "cache"), "--results", str(folder / "results.jsonl")]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if ran.returncode:
        sys.exit(f"{ran.stdout}{ran.stderr}\nexit {ran.returncode}")
    return used, wall, "\n".join(re.split(r"^=+$", ran.stdout, flags=re.M)[-1].splitlines()[-3:])


def main(models: list[str]) -> None:
    """Print a line for each run."""
    with tempfile.TemporaryDirectory() as folder:
        runs = {name: _run(Path(folder), models) for name in ("cold", "warm")}
    for name, (used, wall, said) in runs.items():
        print(f"{name}: {used:.1f} s of CPU, {wall:.1f} s\n{said}")
    (cold, wall, _), (warm, warm_wall, _) = runs.values()
    print(f"warm/cold: {warm / cold:.3f} of the CPU, {warm_wall / wall:.3f} of the time")


if __name__ == "__main__":
    main(sys.argv[1:])
