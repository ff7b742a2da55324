"""Makes docs/images/report.png and status.png from a finished demo: python scripts/screenshots.py DEMO_FOLDER."""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from rich.console import Console

from labtools.artifacts.runs import find_matrix
from labtools.cli._grid import render_grid
from labtools.train.status.grid import read_grid

ROOT = Path(__file__).resolve().parents[1]
REPORT_WH = (1160, 1000)
SCALE = 1.5
WIDEST = 120  # columns of a terminal


def main() -> int:
    """Write both pictures; a sentence and exit code 2 where something is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("demo", type=Path, nargs="?", default=Path("labtools-demo"), help="folder of `labtools demo`")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    options = parser.parse_args()
    matrix = find_matrix(None, options.demo / "runs")
    index = matrix / "report" / "index.html"
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None or not index.is_file():
        print("Chromium is not installed." if chromium is None else f"There is no report yet: {index}", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    shoot(chromium, index.as_uri(), REPORT_WH, options.out / "report.png")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "status.html"
        width, height, html = draw_status(matrix)
        page.write_text(html, encoding="utf-8")
        shoot(chromium, page.as_uri(), (width, height), options.out / "status.png")
    print(f"{options.out / 'report.png'}\n{options.out / 'status.png'}")
    return 0


def draw_status(matrix: Path) -> tuple[int, int, str]:
    """The grid of `labtools status` as a page that holds one SVG: width, height, HTML."""
    grid = render_grid(read_grid(matrix))
    plain = Console(record=True, width=WIDEST, file=io.StringIO())
    plain.print(grid)
    columns = max(len(line.rstrip()) for line in plain.export_text().splitlines()) + 1
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(grid)
    svg = console.export_svg(title=f"labtools status runs/{matrix.name}")
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # rich would fetch its font from the network
    svg = svg.replace("Fira Code", "DejaVu Sans Mono")
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    width, height = (round(float(v)) for v in box.groups()) if box else (1200, 600)
    return width, height, f'<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">{svg}</body>'


def shoot(chromium: str, url: str, wh: tuple[int, int], path: Path) -> None:
    """A picture of a page, with 255 colours, so that the repository stays small."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars",
            f"--user-data-dir={profile}", f"--force-device-scale-factor={SCALE}", f"--window-size={wh[0]},{wh[1]}",
            f"--screenshot={path}", url,
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    with Image.open(path) as picture:
        small = picture.convert("RGB").convert("P", palette=Image.Palette.ADAPTIVE, colors=255)
    small.save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
