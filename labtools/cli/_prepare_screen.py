"""What `labtools prepare` shows when it is done: the findings by team, the classes by split, and what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from labtools.core.findings import Finding, Severity
from labtools.core.names import folder_name
from labtools.prepare.layout.teams import plain_name
from labtools.prepare.output.sheets.kinds import Kind, inside, kinds_of

if TYPE_CHECKING:
    from labtools.prepare.output.summary import Summary
    from labtools.prepare.pipeline import PrepareResult

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}
_MANY_BLOCKS = 12  # above this, a team that has only warnings gets one line
_MOST_KINDS = {Severity.ERROR: 6, Severity.WARNING: 3, Severity.INFO: 0}
_PATH_SHARE = 0.28  # of the terminal's width; a longer path shows its end


@dataclass(frozen=True)
class Block:
    """One team's findings.

    Attributes:
        team: its name in findings, ``""`` for what concerns nobody alone.
        root: its folder, as far as the findings show it.
        kinds: errors first.
    """

    team: str
    root: str
    kinds: tuple[Kind, ...]

    def count(self, severity: Severity) -> int:
        """Findings, not kinds."""
        return sum(f.severity is severity for kind in self.kinds for f in kind.findings)

    @property
    def rank(self) -> tuple[int, int, str]:
        """Teams with the most errors come first, then those with the most warnings."""
        return -self.count(Severity.ERROR), -self.count(Severity.WARNING), self.root or self.team


def blocks_of(findings: Iterable[Finding]) -> list[Block]:
    """The findings by team, those with errors first."""
    by_team: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        by_team.setdefault((finding.team, _root(finding)), []).append(finding)
    for team, root in [key for key in by_team if not key[1]]:  # signed with a team, about a file above it
        homes = [key for key in by_team if key[0] == team and key[1]]
        if len(homes) == 1:
            by_team[homes[0]] += by_team.pop((team, root))
    blocks = (Block(team, root, tuple(kinds_of(rows))) for (team, root), rows in by_team.items())
    return sorted(blocks, key=lambda block: block.rank)


def _root(finding: Finding) -> str:
    """The part of a finding's path that leads to its team's folder; ``""`` where it does not."""
    parts = finding.file.split("/")
    for depth, part in enumerate(parts[:3], 1):
        if finding.team and folder_name(plain_name(part)) == finding.team:
            return "/".join(parts[:depth])
    return ""


def show_result(console: Console, result: PrepareResult, asking: str | None) -> None:
    """Everything that is said about a dataset that was written.

    Args:
        asking: the command that writes the open questions; None where they are written.
    """
    show_findings(console, result.findings)
    console.print(class_table(result.summary))
    origin = f"classes of {result.course}" if result.course else "the submissions' own class names"
    line = Text.assemble((str(result.out), "bold"), f"  {sum(result.summary.images.values())} pictures, {origin}")
    console.print(line, soft_wrap=True)
    for name, what in _files(result):
        console.print(f"  {name:13} {what}", soft_wrap=True)
    show_next(console, result, asking)


def _files(result: PrepareResult) -> Iterator[tuple[str, str]]:
    yield "dlcv.yaml", "what Ultralytics and `labtools train-matrix` load"
    yield "manifest.csv", "every picture: where from, team, sequence, split, boxes"
    yield "findings.csv", f"{len(result.findings)} findings with file, line and reason; .json with the open questions"
    if (result.out / "teams").is_dir():
        yield "teams/", "a sheet for each team, ready to be sent: NAME.md in English, NAME.fr.md in French"
    if (result.out / "leakage_summary.csv").is_file():
        yield "leakage.csv", "the nearest training picture of every val and test picture; leakage_summary.csv by team"


def show_next(console: Console, result: PrepareResult, asking: str | None) -> None:
    """What is missing, and the command that comes next; see `show_result`."""
    for split, count in result.summary.images.items():
        if not count:
            advice = "; training needs one: hand in a val.txt that takes some pictures of train"
            told = f" no team gave one{advice if split == 'val' else ''}"
            console.print(Text.assemble((f"no {split} split:", "bold yellow"), told), soft_wrap=True)
    questions = len({f.question.key for f in result.findings if f.question is not None})
    if questions and asking is not None:
        what = f"{_many(questions, 'question')} that only you can answer"
        console.print(Text.assemble((what, "bold yellow"), f": {asking}"), soft_wrap=True)


def show_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Team by team, the worst first; what was repaired without loss is a number."""
    blocks = blocks_of(findings)
    grave = [b for b in blocks if b.count(Severity.ERROR)]
    doubtful = [b for b in blocks if b not in grave and b.count(Severity.WARNING)]
    fine = [b for b in blocks if b not in grave and b not in doubtful]
    numbers = [sum(bool(block.team) for block in some) for some in (grave, doubtful, fine)]
    counts = f"{numbers[0]} with errors, {numbers[1]} with warnings, {numbers[2]} with small repairs only"
    console.print(Text.assemble(("findings", "bold"), f"  teams: {counts}"))
    for block in grave:
        _show_block(console, block)
    for block in doubtful:
        (_show_line if len(grave) + len(doubtful) > _MANY_BLOCKS else _show_block)(console, block)
    if fine:
        names = ", ".join(f"{_name(b)} ({b.count(Severity.INFO)})" for b in fine)
        console.print(Text.assemble(("repaired without loss, or worth knowing: ", "dim"), (names, "dim")))
    console.print()


def _name(block: Block) -> str:
    return block.root or block.team or "the whole cohort"


def _many(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def _show_block(console: Console, block: Block) -> None:
    counts = [(block.count(Severity.ERROR), "error"), (block.count(Severity.WARNING), "warning")]
    counts.append((block.count(Severity.INFO), "small repair or note"))
    told = ", ".join(_many(n, what).replace("repair or notes", "repairs or notes") for n, what in counts if n)
    _print_line(console, Text.assemble((_name(block), "bold"), f"  {told}"))
    for severity, most in _MOST_KINDS.items():
        kinds = [kind for kind in block.kinds if kind.severity is severity]
        for kind in kinds[:most]:
            _print_line(console, _kind_line(kind, block.root, console.width if console.is_terminal else 0))
        if most and len(kinds) > most:
            _print_line(console, Text(f"  and {_many(len(kinds) - most, 'more kind')} of {severity.value}s", "dim"))


def _show_line(console: Console, block: Block) -> None:
    """A team that has only warnings, where there are many teams: their kinds, without places."""
    warnings = [kind for kind in block.kinds if kind.severity is Severity.WARNING]
    told = ", ".join(f"{kind.code} ({len(kind.findings)})" for kind in warnings)
    _print_line(console, Text.assemble((_name(block), "bold"), ("  warning ", "yellow"), told))


def _kind_line(kind: Kind, root: str, width: int) -> Text:
    """One kind with its first place; the place is cut to fit a terminal of this width (0: none)."""
    first = next(f for f in kind.findings if f.severity is kind.severity)
    where = inside(first, root)
    most = round(width * _PATH_SHARE)
    if width and len(where) > most:
        where = f"…{where[len(where) - most + 1 :]}"
    text = f"{where}: {first.message}" if where else first.message
    level = (f"  {kind.severity.value:8}", _COLOURS[kind.severity])
    return Text.assemble(
        level, f"{kind.code:25} {len(kind.findings):>4}  ", f"{text} ", (f"[{first.action.value}]", "dim")
    )


def _print_line(console: Console, line: Text) -> None:
    """One line, cut at the edge of a terminal; whole in a file, for grep."""
    if console.is_terminal:
        console.print(line, no_wrap=True, overflow="ellipsis")
    else:
        console.print(line, soft_wrap=True)


def class_table(summary: Summary) -> Table:
    """Classes by split: pictures that show the class, and its boxes."""
    table = Table(title="pictures that show the class (boxes)", title_justify="left", header_style="bold")
    table.add_column("class")
    for split in (*summary.images, "total"):
        table.add_column(split, justify="right")
    for name, splits in summary.classes.items():
        cells = [(c.images, c.boxes) for c in splits.values()]
        cells.append((sum(i for i, _ in cells), sum(b for _, b in cells)))
        style = "dim" if not cells[-1][1] else ""
        table.add_row(Text(name), *(f"{i} ({b})" if b else "-" for i, b in cells), style=style)
    for state, title in (("empty", "background"), ("unlabelled", "not annotated")):
        counts = [states.get(state, 0) for states in summary.states.values()]
        if any(counts):
            table.add_row(title, *(str(c) if c else "-" for c in [*counts, sum(counts)]), style="italic")
    images = list(summary.images.values())
    table.add_section()
    table.add_row("all pictures", *(str(n) for n in [*images, sum(images)]), style="bold")
    return table
