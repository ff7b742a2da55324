"""How the servers were found, as a table: one row per server, what is wrong marked where it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from labtools.core.words import memory
from labtools.train.servers.facts import Facts
from labtools.train.servers.preflight import Checkup


def servers_table(found: Sequence[Checkup]) -> Table:
    """Name, host, GPUs, versions, room on the disk; the sentences of what is wrong are in the error that follows."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    for name in ("server", "", "host", "GPUs", "labtools", "torch", "ultralytics", "disk free"):
        table.add_column(name, no_wrap=name != "GPUs", min_width=10 if name == "GPUs" else None)
    for one in found:
        table.add_row(one.server.name, _sign(one), *(_cells(one.facts) if one.facts else ()))
    return table


def _sign(one: Checkup) -> Text:
    if one.is_unreachable:
        return Text("✖ unreachable", style="bold red")
    return Text("✖ not ready", style="bold red") if one.troubles else Text("✔ ready", style="green")


def _cells(facts: Facts) -> tuple[str, ...]:
    kinds = Counter(
        f"{name} {memory(size)}" if size else name for name, size in zip(facts.gpus, facts.gpu_bytes, strict=True)
    )
    gpus = ", ".join(f"{count} x {kind}" for kind, count in kinds.items()) or "none"
    found = facts.versions
    return (
        facts.host,
        gpus,
        found["labtools"],
        found["torch"] or "none",
        found["ultralytics"] or "none",
        memory(facts.free_bytes),
    )
