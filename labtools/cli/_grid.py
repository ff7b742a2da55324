"""The grid of the course, drawn with rich: colours, and signs that say the same without colour."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from labtools.artifacts.record import State
from labtools.train.status import Grid, RunStatus, duration, score

STYLES = {
    State.DONE: "bold green",
    State.RUNNING: "bold yellow",
    State.TODO: "red",
    State.FAILED: "bold white on red",
}
SIGNS = {State.DONE: "✔", State.RUNNING: "▶", State.TODO: "·", State.FAILED: "✖"}
WORDS = {State.DONE: "done", State.RUNNING: "running", State.TODO: "to do", State.FAILED: "failed"}


def render_grid(grid: Grid) -> RenderableType:
    """Title with totals, the grid (rows imgsz, columns model x freeze), and the reasons of what failed."""
    parts: list[RenderableType] = [_title(grid), _table(grid)]
    troubles = [run for run in grid.runs if run.reason and run.state is not State.DONE]
    parts.extend(_trouble(run) for run in troubles)
    return Group(*parts)


def _title(grid: Grid) -> Text:
    title = Text.assemble((f"{grid.name}  ", "bold"), f"{len(grid.runs)} runs   ")
    for state in (State.DONE, State.RUNNING, State.TODO, State.FAILED):
        if count := grid.count(state):
            title.append(f"{SIGNS[state]} {count} {WORDS[state]}", STYLES[state]).append("   ")
    return title


def _table(grid: Grid) -> Table:
    table = Table(box=box.ROUNDED, show_lines=True, header_style="bold", padding=(0, 1))
    table.add_column("imgsz", justify="right", style="bold", vertical="middle")
    for model, freeze in grid.columns:
        frozen = "no freeze" if freeze is None else f"freeze {freeze}"
        table.add_column(Text(f"{model}\n{frozen}", justify="center"), justify="center", vertical="middle")
    for imgsz in grid.rows:
        table.add_row(str(imgsz), *(_cell(grid.cell(imgsz, model, freeze)) for model, freeze in grid.columns))
    return table


def _cell(runs: tuple[RunStatus, ...]) -> Text:
    """One block of lines per run; the batch leads where a cell holds several."""
    lines = Text(justify="center")
    for index, run in enumerate(runs):
        if index:
            lines.append("\n")
        if len(runs) > 1:
            lines.append(f"b{run.batch} ", "bold")
        lines.append(_words(run), STYLES[run.state])
    return lines


def _words(run: RunStatus) -> str:
    sign = SIGNS[run.state]
    if run.state is State.DONE:
        return f"{sign} {score(run.map50)}\n{score(run.map50_95)}"
    if run.state is State.RUNNING:
        if run.silent_s is not None:
            return f"{sign} {run.epoch}/{run.epochs}\nsilent {duration(run.silent_s)}"
        if run.phase == "training":
            return f"{sign} {run.epoch}/{run.epochs}\n{duration(run.eta_s)} left"
        return f"{sign} {run.epoch}/{run.epochs}\n{run.phase}"
    return f"{sign} {WORDS[run.state]}"


def _trouble(run: RunStatus) -> Text:
    return Text.assemble(
        (f"{SIGNS[run.state]} {run.run_id}", STYLES[run.state]), f"  attempt {run.attempt}: {run.reason}"
    )


def draw_status(grid: Grid) -> RenderableType:
    """`render_grid`, and what the figures in a finished cell are once there are some."""
    if not grid.count(State.DONE):
        return render_grid(grid)
    return Group(render_grid(grid), Text("✔ mAP50 over mAP50-95 of the best checkpoint, on val", style="dim"))
