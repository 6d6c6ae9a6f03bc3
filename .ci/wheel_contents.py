"""The wheel has what the checkout has: every module, model and property, and nothing besides.

Usage: wheel_contents.py WHEEL
"""

import sys
import zipfile
from pathlib import Path


def differences(root: Path, wheel: Path) -> list[str]:
    """What is missing from the wheel, or in it by mistake; empty when all is well."""
    names = zipfile.ZipFile(wheel).namelist()
    packed = {n for n in names if not n.split("/")[0].endswith(".dist-info")}
    source = {
        (Path("pagestate") / path.relative_to(folder.parent)).as_posix()
        for folder in (root / "models", root / "properties")
        for path in folder.rglob("*.py")
    } | {p.relative_to(root).as_posix() for p in (root / "pagestate").rglob("*.py")}
    source.add("pagestate/py.typed")
    for kind in ("*.css", "*.js"):
        pages = (root / "pagestate" / "view" / "html").glob(kind)
        source |= {p.relative_to(root).as_posix() for p in pages}
    found = [f"not in the wheel: {name}" for name in sorted(source - packed)]
    found += [f"in the wheel, not in the checkout: {name}" for name in sorted(packed - source)]
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in names):
        found.append("not in the wheel: LICENSE")
    models = [n for n in packed if n.startswith("pagestate/models/") and n.count("/") == 2]
    print(f"{wheel.name}: {len(packed)} files, {len(models) - 1} models")
    return found


def main(wheel: str) -> int:
    """The exit code."""
    found = differences(Path(__file__).resolve().parent.parent, Path(wheel))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
