"""`labtools lanes`: what `labtools train-matrix` runs on each server, here or through ssh. Not for people."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

ORDER = 91
HIDDEN = True


class Action(str, Enum):
    """What to do with the lanes of a matrix on this machine."""

    CHECK = "check"
    UP = "up"
    STOP = "stop"


def command(
    action: Annotated[Action, typer.Argument(help="Look whether they could work here, start them, or end them.")],
    root: Annotated[Path, typer.Argument(help="Folder of the matrix.")],
    request: Annotated[str, typer.Argument(help="What is asked for, as JSON: see labtools.train.here.")] = "{}",
) -> None:
    """Look after the lanes of a matrix on this machine; the answer is one JSON object on the last line of stdout."""
    import json

    from labtools.cli._show import print_json
    from labtools.core.errors import LabError

    try:
        print_json(_answer(action, root, json.loads(request)))
    except LabError as error:
        # For the machine that asked: it will say this to its user, with the name of this server.
        print_json({"error": {"what": error.what, "where": error.where, "fix": error.fix}})
        raise typer.Exit(2) from None


def _answer(action: Action, root: Path, request: dict[str, Any]) -> dict[str, Any]:
    from labtools.train import here
    from labtools.train.lanes.lane import Lane
    from labtools.train.servers.facts import needs_from_json

    if action is Action.CHECK:
        return here.look(needs_from_json(request["needs"]), request["launcher"]).to_json()
    if action is Action.UP:
        lanes = [Lane(**lane) for lane in request["lanes"]]
        return here.launch_to_json(here.start(root, lanes, request["launcher"]))
    return {"stopped": here.stop(root, tells_cluster=request.get("tells_cluster", True))}
