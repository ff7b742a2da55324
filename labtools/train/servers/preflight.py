"""All servers are looked at, side by side, before anything is started on any of them."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from labtools.core.errors import LabError
from labtools.core.files import write_text
from labtools.core.progress import Tick, silent
from labtools.train.servers.config import Server
from labtools.train.servers.facts import Facts, Needs, code_hash, facts_from_json, versions
from labtools.train.servers.reach import ask
from labtools.train.servers.trouble import UnreachableError

T = TypeVar("T")

_TOKEN_LIFE_S = 3600.0


@dataclass(frozen=True)
class Checkup:
    """How one server was found.

    Attributes:
        server: the one that was asked.
        facts: what it said, None where it said nothing.
        troubles: what keeps it from training; empty: it is ready.
    """

    server: Server
    facts: Facts | None
    troubles: tuple[LabError, ...] = ()

    @property
    def is_unreachable(self) -> bool:
        return any(isinstance(trouble, UnreachableError) for trouble in self.troubles)

    def to_json(self) -> dict[str, Any]:
        said = [{"what": trouble.what, "where": trouble.where, "fix": trouble.fix} for trouble in self.troubles]
        facts = None if self.facts is None else {k: v for k, v in self.facts.to_json().items() if k != "troubles"}
        return {"server": self.server.name, "facts": facts, "troubles": said}


def check_servers(
    servers: Sequence[Server], needs: Callable[[Server], Needs], launcher: str | None, tick: Tick = silent
) -> list[Checkup]:
    """Ask each server, all at once; in the order given.

    Args:
        servers: all whose lanes are wanted.
        needs: what the lanes of a server will need.
        launcher: the one asked for, None: the best there.
        tick: told how many have answered.
    """
    answers = each(servers, lambda server: _check(server, needs(server), launcher), tick, "servers checked")
    found = [
        Checkup(server, answer, tuple(LabError(f"{server.name}: {t.what}", t.where, t.fix) for t in answer.troubles))
        if isinstance(answer, Facts)
        else Checkup(server, None, (answer,))
        for server, answer in zip(servers, answers, strict=True)
    ]
    return [replace(one, troubles=(*one.troubles, *_differences(one, found))) for one in found]


def each(
    servers: Sequence[Server], do: Callable[[Server], T], tick: Tick = silent, step: str = "servers"
) -> list[T | LabError]:
    """Do the same for all servers, side by side: its result for each, or why there is none."""

    def attempt(server: Server) -> T | LabError:
        try:
            return do(server)
        except LabError as error:
            return error

    with ThreadPoolExecutor(max_workers=max(1, len(servers))) as pool:
        futures = [pool.submit(attempt, server) for server in servers]
        for count, _ in enumerate(as_completed(futures), start=1):
            tick(step, count, len(servers))
        return [future.result() for future in futures]


@contextmanager
def token(folder: Path) -> Iterator[tuple[Path, str]]:
    """A file with a secret in ``folder`` (or the nearest one above it that exists), to be found by the servers."""
    while not folder.is_dir():
        folder = folder.parent
    _sweep_tokens(folder)
    path, secret = folder / f".labtools-{secrets.token_hex(8)}", secrets.token_hex(16)
    write_text(path, secret)
    try:
        yield path, secret
    finally:
        path.unlink(missing_ok=True)


def _sweep_tokens(folder: Path) -> None:
    """Remove those that nobody needs any more: whoever wrote them was killed."""
    for old in folder.glob(".labtools-*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > _TOKEN_LIFE_S:
                old.unlink()


def require_ready(found: Sequence[Checkup], *, skip_unreachable: bool) -> tuple[Server, ...]:
    """The servers that can train, if that is all of them.

    Args:
        found: how all were found.
        skip_unreachable: go on without those that cannot be reached, as long as one can.

    Raises:
        LabError: says what is wrong with each.
    """
    skipped = [one for one in found if skip_unreachable and one.is_unreachable]
    troubles = [trouble for one in found if one not in skipped for trouble in one.troubles]
    if len(skipped) == len(found):
        troubles = [trouble for one in found for trouble in one.troubles]
    if troubles:
        fixes = list(dict.fromkeys(trouble.fix for trouble in troubles))
        if not skip_unreachable and 0 < sum(one.is_unreachable for one in found) < len(found):
            fixes.append("Or leave out what cannot be reached: --skip-unreachable")
        raise LabError("; ".join(trouble.what for trouble in troubles), troubles[0].where, _one_after_the_other(fixes))
    return tuple(one.server for one in found if one not in skipped)


def _one_after_the_other(fixes: Sequence[str]) -> str:
    """As one text; several servers that are to be prepared are one command."""
    command = "prepare_server.sh "
    names = " ".join(dict.fromkeys(fix.rpartition(command)[2] for fix in fixes if command in fix))
    told = [f"{fix.rpartition(command)[0]}{command}{names}" if command in fix else fix for fix in fixes]
    text, *more = dict.fromkeys(told)
    for fix in more:  # a command at the end bears no full stop: who copies it would type that, too
        text += f" {fix}" if text.endswith(".") else f"; {fix[:1].lower()}{fix[1:]}"
    return text


def _check(server: Server, needs: Needs, launcher: str | None) -> Facts:
    request = json.dumps({"needs": asdict(needs), "launcher": launcher})
    answer = ask(server, ["lanes", "check", needs.root, request])
    try:
        return facts_from_json(answer)
    except (KeyError, TypeError):
        raise _other_version(server, "an answer of another version") from None


def _differences(one: Checkup, found: Sequence[Checkup]) -> Iterator[LabError]:
    """What does not fit the other servers, or this machine."""
    facts = one.facts
    if facts is None:
        return
    others = [other for other in found[: found.index(one)] if other.facts is not None]
    for other in others:
        if other.facts is not None and other.facts.host == facts.host:
            yield LabError(
                f"{other.server.name} and {one.server.name} are one machine, or have one host name: {facts.host}",
                None,
                "List all GPUs of a machine in one entry of servers.yaml; give two machines two host names.",
            )
    here = versions()
    if (facts.versions["labtools"], facts.code) != (here["labtools"], code_hash()):
        yield _other_version(one.server, f"labtools {facts.versions['labtools']} ({facts.code})", f"{code_hash()}")
    if facts.versions["ultralytics"] != here["ultralytics"]:
        yield _other_version(one.server, f"ultralytics {facts.versions['ultralytics'] or 'none'}", here["ultralytics"])
    first = next((other for other in found if other.facts is not None), one)
    if first.facts is not None and _numerics(facts) != _numerics(first.facts):
        yield _other_version(one.server, _numerics(facts), f"{_numerics(first.facts)} on {first.server.name}")


def _numerics(facts: Facts) -> str:
    """What two servers must share for their runs to be comparable. Builds for another CUDA (+cu126) are."""
    python = ".".join(facts.versions["python"].split(".")[:2])
    return f"Python {python} with torch {facts.versions['torch'].split('+')[0] or 'none'}"


def _other_version(server: Server, has: str, wanted: str = "") -> LabError:
    return LabError(
        f"{server.name} has {has}" + (f", not {wanted}" if wanted else ""),
        server.python,
        f"Bring it to the same versions: bash scripts/prepare_server.sh {server.name}",
    )
