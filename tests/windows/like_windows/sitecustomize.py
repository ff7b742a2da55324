"""Windows in miniature, for Python on another system: what labtools' own code would meet there, as far as it goes.

On PYTHONPATH, Python imports this at its start, in processes that labtools starts too. Then, for modules of labtools
only, other packages being right about the system that they are on:

- ``sys.platform`` and ``os.name`` say Windows; what Python's library lacks there is not there;
- ``str(path)`` and ``os.sep`` have backslashes, which whatever takes a path takes too;
- text files that are written without ``newline=`` get ``\\r\\n``, and their encoding has to be said; ``os.read`` and
  ``os.write`` want ``os.O_BINARY``.

And for everybody, as it is the file system that refuses:

- a file that is open somewhere is neither replaced, renamed nor removed, nor is a folder that holds one; nor a file
  that is read-only;
- nothing is renamed over what is there (`os.replace` may, over a file); a folder is not opened;
- names that Windows refuses, or has already in another case, are not created; no symbolic links.

Processes are spawned, never forked.
"""

from __future__ import annotations

import builtins
import errno
import fcntl
import functools
import io
import multiprocessing
import os
import pathlib
import re
import select
import shutil
import signal
import stat
import sys
import time
import types
from collections.abc import Callable, Iterator
from typing import Any

_LACKS: dict[types.ModuleType, str] = {
    os: "O_ASYNC O_CLOEXEC O_DIRECT O_DIRECTORY O_DSYNC O_NOATIME O_NOCTTY O_NOFOLLOW O_NONBLOCK O_PATH O_RSYNC O_SYNC "
    "O_TMPFILE chflags chown chroot confstr copy_file_range ctermid eventfd fchdir fchmod fchown fdatasync fork "
    "forkpty fpathconf fstatvfs get_blocking getegid geteuid getgid getgroups getloadavg getpgid getpgrp "
    "getpriority getresuid getsid getuid getxattr initgroups killpg lchown lockf major makedev "
    "memfd_create minor mkfifo mknod nice openpty pathconf pidfd_open pipe2 posix_fadvise posix_fallocate posix_spawn "
    "posix_spawnp pread preadv pwrite pwritev readv register_at_fork sched_getaffinity sched_setaffinity sched_yield "
    "sendfile set_blocking setgid setgroups setpgid setpriority setsid setuid setxattr splice statvfs sync sysconf "
    "tcgetpgrp tcsetpgrp ttyname uname wait wait3 wait4 waitid writev WIFEXITED WEXITSTATUS WIFSIGNALED WNOHANG "
    "WTERMSIG EX_OK RTLD_NOW",
    signal: "SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGIO SIGKILL SIGPIPE SIGPROF SIGQUIT SIGSTOP SIGTSTP SIGTTIN "
    "SIGTTOU SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU alarm getitimer pause pthread_kill pthread_sigmask setitimer "
    "siginterrupt sigpending sigtimedwait sigwait sigwaitinfo",
    errno: "EREMOTEIO ENOMEDIUM ENOTUNIQ EBADFD",
    select: "PIPE_BUF poll epoll",
    time: "tzset clock_gettime clock_settime CLOCK_MONOTONIC CLOCK_REALTIME pthread_getcpuclockid",
}
_MODULES = frozenset(
    {"curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
)
_REFUSED = re.compile(r'[<>:"|?*\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)
_LONGEST = 200  # of what a command writes below the folder that it is given: Windows allows 260 in all
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_ROOT = os.environ.get("LIKE_WINDOWS", "")  # what labtools writes lies below it

_text_handles: set[int] = set()


def _is_ours(depth: int = 2) -> bool:
    """Does labtools ask?"""
    try:
        asking = sys._getframe(depth)
    except ValueError:  # called by the interpreter itself
        return False
    return str(asking.f_globals.get("__name__", "")).partition(".")[0] == "labtools"


def _hide(module: types.ModuleType, lacks: dict[str, Any]) -> None:
    """``lacks``: name -> what labtools gets instead, None for nothing at all."""
    real = {name: module.__dict__.pop(name) for name in lacks if name in module.__dict__}

    def attribute(name: str) -> Any:
        if name not in real or (_is_ours() and lacks[name] is None):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}", name=name, obj=module)
        return lacks[name] if _is_ours() else real[name]

    module.__getattr__ = attribute


def _import(name: str, *rest: Any, _real: Any = builtins.__import__, **more: Any) -> Any:
    if _is_ours():
        if name.partition(".")[0] in _MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name == "msvcrt":  # not in sys.modules: whoever finds it there takes this for Windows
            return _Msvcrt("msvcrt")
    return _real(name, *rest, **more)


def _slashed(path: Any) -> Any:
    if isinstance(path, os.PathLike):
        path = os.fspath(path)
    return path.replace("\\", "/") if isinstance(path, str) else path


def _taking_both(function: Callable[..., Any], paths: int = 1) -> Callable[..., Any]:
    """The function, with backslashes in its first arguments taken for slashes."""

    @functools.wraps(function)
    def taken(*arguments: Any, **options: Any) -> Any:
        return function(*map(_slashed, arguments[:paths]), *arguments[paths:], **options)

    return taken


def _refuse(code: int, winerror: int, path: str) -> OSError:
    error = OSError(code, f"[WinError {winerror}] (Windows in miniature)", path)
    error.winerror = winerror
    return error


def _open_files() -> Iterator[str]:
    """What this process and its children have open or mapped."""
    own = str(os.getpid())
    for pid in [own, *_children(own)]:
        try:
            for handle in os.listdir(f"/proc/{pid}/fd"):
                yield _readlink(f"/proc/{pid}/fd/{handle}")
        except OSError:
            continue  # it has ended
    with _open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        yield from (line.split(maxsplit=5)[5].rstrip("\n") for line in maps if line.count(" /") == 1)


def _children(pid: str) -> list[str]:
    try:
        with _open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            found = children.read().split()
    except OSError:
        return []
    return found + [inner for child in found for inner in _children(child)]


def _readlink(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _check_free(path: str) -> None:
    """Neither it nor anything in it is open."""
    real = os.path.realpath(path)
    if real.startswith(_ROOT) and any(one == real or one.startswith(f"{real}/") for one in _open_files()):
        raise _refuse(errno.EACCES, 32, path)


def _check_writable(path: str) -> None:
    status = os.lstat(path)
    if stat.S_ISREG(status.st_mode) and not status.st_mode & stat.S_IWUSR:
        raise _refuse(errno.EACCES, 5, path)


def _check_new(path: str) -> None:
    """A name that Windows takes, and that no other file has in another case."""
    real = os.path.abspath(path)
    if not isinstance(path, str) or not real.startswith(_ROOT) or not _ROOT:
        return
    name = os.path.basename(real)
    inner = os.path.relpath(real, _ROOT)
    if _REFUSED.search(name) or len(inner) > _LONGEST:
        raise _refuse(errno.EINVAL, 123, path)
    if not os.path.lexists(real):
        folder = os.path.dirname(real)
        if os.path.isdir(folder) and name.lower() in {one.lower() for one in os.listdir(folder)}:
            raise _refuse(errno.EEXIST, 183, path)


def _move(real: Callable[..., Any], replaces: bool) -> Callable[..., Any]:
    def moved(source: Any, target: Any, **options: Any) -> Any:
        source, target = _slashed(source), _slashed(target)
        _check_new(target)
        _check_free(source)
        if os.path.lexists(target):
            if not replaces or os.path.isdir(target):
                raise _refuse(errno.EEXIST if not replaces else errno.EACCES, 183, target)
            _check_free(target)
            _check_writable(target)
        return real(source, target, **options)

    return moved


def _remove(real: Callable[..., Any]) -> Callable[..., Any]:
    def removed(path: Any, *arguments: Any, dir_fd: int | None = None) -> Any:
        path = _slashed(path)
        if dir_fd is None and os.path.lexists(path):
            _check_free(path)
            _check_writable(path)
        return real(path, *arguments, dir_fd=dir_fd)

    return removed


def _os_open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None, _real: Any = os.open) -> int:
    path = _slashed(path)
    if _is_ours() and dir_fd is None and os.path.isdir(path):
        raise _refuse(errno.EACCES, 5, path)
    if flags & _WRITES:
        _check_new(path)
    handle = int(_real(path, flags, mode, dir_fd=dir_fd))
    _text_handles.discard(handle)
    if _is_ours() and not flags & os.O_BINARY:
        _text_handles.add(handle)
    return handle


def _raw(real: Callable[..., Any]) -> Callable[..., Any]:
    def done(handle: int, *rest: Any) -> Any:
        if handle in _text_handles and _is_ours():
            raise _refuse(errno.EINVAL, 87, "bytes of a file that was opened without os.O_BINARY")
        return real(handle, *rest)

    return done


_open = io.open


def _io_open(file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None,
             newline: Any = None, closefd: bool = True, opener: Any = None) -> Any:  # fmt: skip
    if not isinstance(file, int) and set(mode) & set("wxa+"):
        _check_new(_slashed(file))
    depth = 2
    while sys._getframe(depth - 1).f_globals.get("__name__") == "pathlib":
        depth += 1
    if "b" not in mode and _is_ours(depth):
        if encoding in (None, "locale"):
            raise _refuse(errno.EINVAL, 87, f"{file}, as text in the letters of this country")
        if newline is None and set(mode) & set("wxa"):
            newline = "\r\n"
    return _open(_slashed(file), mode, buffering, encoding, errors, newline, closefd, opener)


def _shown(self: pathlib.PurePath, _real: Any = pathlib.PurePath.__str__) -> str:
    text = str(_real(self))
    return text.replace("/", "\\") if _is_ours() else text


def _no_symlinks(source: Any, target: Any, *_: Any, **__: Any) -> None:
    raise _refuse(errno.EPERM, 1314, str(target))


class _Msvcrt(types.ModuleType):
    """As far as labtools needs it."""

    LK_NBLCK, LK_UNLCK = 2, 0

    @staticmethod
    def locking(handle: int, mode: int, count: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN if mode == _Msvcrt.LK_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB)


def _install_paths() -> None:
    for name in ("stat", "lstat", "listdir", "rmdir", "chmod", "utime", "access", "chdir", "readlink"):
        setattr(os, name, _taking_both(getattr(os, name)))
    scandir = os.scandir
    os.scandir = lambda path=".": scandir(_slashed(path))
    mkdir = os.mkdir

    def made(path: Any, *arguments: Any, **options: Any) -> None:
        _check_new(_slashed(path))
        mkdir(_slashed(path), *arguments, **options)

    os.mkdir = made
    for name in ("split", "splitext", "basename", "dirname", "isabs", "abspath", "realpath", "normpath", "expanduser"):
        setattr(os.path, name, _taking_both(getattr(os.path, name)))
    os.path.join = _taking_both(os.path.join, 99)
    flavour = pathlib._posix_flavour
    parse = flavour.parse_parts
    flavour.parse_parts = lambda parts: parse([_slashed(part) for part in parts])
    plain = pathlib.PurePath.__str__
    pathlib.PurePath.__fspath__ = lambda self: plain(self)
    pathlib.PurePath.__str__ = _shown


def _install() -> None:
    _install_paths()
    link = os.link

    def linked(source: Any, target: Any, **options: Any) -> None:
        _check_new(_slashed(target))
        link(_slashed(source), _slashed(target), **options)

    os.link = linked
    os.rename, os.replace = _move(os.rename, False), _move(os.replace, True)
    os.unlink, os.remove = _remove(os.unlink), _remove(os.remove)
    os.symlink = _no_symlinks
    os.O_BINARY = 0x8000  # O_LARGEFILE, which changes nothing
    os.open, os.read, os.write = _os_open, _raw(os.read), _raw(os.write)
    builtins.open = io.open = _io_open
    os.supports_dir_fd = os.supports_fd = os.supports_follow_symlinks = set()
    shutil._use_fd_functions = False
    builtins.__import__ = _import
    multiprocessing.set_start_method("spawn")
    for module, lacks in _LACKS.items():
        _hide(module, dict.fromkeys(lacks.split()) | ({"name": "nt", "sep": "\\"} if module is os else {}))
    _hide(sys, {"platform": "win32"})


if _ROOT:
    _install()
