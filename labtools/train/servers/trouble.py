"""What ssh says when a server cannot be reached -> what is wrong and what to do, in words of people."""

from __future__ import annotations

from labtools.core.errors import LabError


class UnreachableError(LabError):
    """A server that no command got to. Nothing is known about what it has."""


# The first that fits decides: with a jump host, ssh's last line only says that the inner connection was closed.
# `{ssh}` is what ssh was told, `{name}` the server's name.
_EXPLANATIONS = (
    (
        ("REMOTE HOST IDENTIFICATION HAS CHANGED",),
        "the host key of {name} is not the one that it had",
        "If it was installed anew: ssh-keygen -R its address, then log in by hand: ssh {ssh}. If not, ask why.",
    ),
    (
        ("Host key verification failed",),
        "the host key of {name} is not known here",
        "Log in once by hand and say yes: ssh {ssh}",
    ),
    (
        ("Permission denied", "Too many authentication failures", "No supported authentication"),
        "{name} does not let you in with a key",
        "Give it your key: ssh-copy-id {ssh}. If the key has a passphrase, load it first: ssh-add",
    ),
    (
        ("Could not resolve hostname",),
        "{name}: nobody knows a machine {ssh}",
        "Check `ssh:` in servers.yaml against ~/.ssh/config, and that the VPN is connected.",
    ),
    (
        ("Connection refused",),
        "{name} is there, but takes no ssh connections",
        "It may be starting: try again in a minute; or check the port in ~/.ssh/config.",
    ),
    (
        ("timed out", "No route to host", "Network is unreachable", "Host is down"),
        "{name} does not answer",
        "See whether it is switched on, and the VPN connected: ssh {ssh}",
    ),
    (
        ("Bad configuration option", "Bad owner or permissions", "terminating, "),
        "ssh does not accept its own configuration",
        "Mend ~/.ssh/config until this works: ssh {ssh}",
    ),
)
_OTHERWISE = (
    "the connection to {name} broke",
    "Try by hand: ssh {ssh}; then run the same command again: nothing is started twice.",
)


def explain_ssh(name: str, ssh: str, stderr: str) -> UnreachableError:
    """The sentence for what ssh wrote to stderr when it failed, with its own last words."""
    what, fix = _OTHERWISE
    for signs, sentence, remedy in _EXPLANATIONS:
        if any(sign in stderr for sign in signs):
            what, fix = sentence, remedy
            break
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    said = f" (ssh: {lines[-1].removeprefix('ssh: ')})" if lines else ""
    return UnreachableError(what.format(name=name, ssh=ssh) + said, ssh, fix.format(name=name, ssh=ssh))
