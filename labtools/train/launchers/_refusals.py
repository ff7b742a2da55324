"""What `sbatch` says when it takes no job, and what to do then."""

from __future__ import annotations

import re

from labtools.core.errors import LabError

_FIXES = (
    (
        r"contact slurm controller|timed out|not answered",
        "Slurm's controller is off or cannot be reached: see `sinfo`, and ask those who run the cluster.",
    ),
    (
        r"munge|authentication",
        "Munge, by which Slurm knows its users, is not at work on this machine: `systemctl status munge`.",
    ),
    (
        r"configuration source|configuration file|no Slurm here",
        "Type this on a machine of the cluster, or set SLURM_CONF.",
    ),
    (
        r"job array",
        "Use lower numbers in --gpus, or fewer lanes: they end below MaxArraySize of `scontrol show config`.",
    ),
    (
        r"generic resource|gres",
        "See what the nodes have, `sinfo -o '%N %G'`, and mend `gres:`.",
    ),
    (
        r"--time|time limit",
        "See what the partitions allow, `sinfo -o '%P %l'`; `time:` is days-hours:minutes:seconds.",
    ),
    (
        r"qos",
        "See yours, `sacctmgr show associations user=$USER format=account,qos%30`; mend --qos in `extra:`.",
    ),
    (
        r"account|association",
        "See yours, `sacctmgr show associations user=$USER format=account,partition`; mend `account:`.",
    ),
    (
        r"node configuration|memory specification|cpu count|processors",
        "No node has all of it at once: see `sinfo -o '%N %c %m %G'`; lower `gres:`, `cpus:` or `mem:`.",
    ),
    (
        r"partition",
        "See which there are, `sinfo -s`, and mend `partition:`.",
    ),
    (
        r"option",
        "Mend `extra:`; `sbatch --help` lists the options.",
    ),
    (
        r"limit|polic|permi|denied",
        "Ask for less (lanes, time), or ask those who run the cluster what you may have.",
    ),
)
"""(what Slurm says, what to do); the first that fits. Its words are those of ``src/common/slurm_errno.c``."""

_ANY_FIX = "`man sbatch` may explain it."


def explain(error: LabError) -> LabError:
    """The error of a refused `sbatch`, with what to do about it."""
    fix = next((fix for pattern, fix in _FIXES if re.search(pattern, error.what, re.IGNORECASE)), _ANY_FIX)
    return LabError(
        f"the cluster did not take the lanes: {error.what}",
        error.where,
        f"{fix} What is asked for is in the slurm: section of servers.yaml.",
    )
