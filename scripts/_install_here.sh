#!/bin/sh
# What prepare_server.sh runs on a server: sh _install_here.sh FOLDER, with the wheel, constraints.txt and settings in it.
# Makes the virtual environment that `python` in settings belongs to, unless what is there is as `wanted`. Exit code 3:
# it is not, and there is no wheel to change that.
set -eu
cd "$1"
# shellcheck source=/dev/null
. ./settings
# Set in settings: name python wanted identity minor gpus pip_options.
: "${name:?}" "${python:?}" "${wanted:?}" "${identity:?}" "${minor:?}" "${gpus:?}" "${pip_options?}"
venv=$(dirname "$(dirname "$python")")

say() { echo "$name: $*"; }
fail() { say "$*" >&2; exit 1; }

# A Python of the very version that is used elsewhere.
find_python() {
  for candidate in "python$minor" python3 python; do
    if command -v "$candidate" >/dev/null &&
      [ "$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$minor" ]; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

make_venv() {
  if command -v uv >/dev/null; then
    uv venv --quiet --seed --python "$minor" "$venv"
  elif base=$(find_python); then
    "$base" -m venv "$venv" || fail "no virtual environment could be made; on Debian: apt install python$minor-venv"
  else
    fail "there is no Python $minor here; install it (or uv, which fetches it), then run this again"
  fi
}

found=$("$python" -c "$identity" 2>/dev/null </dev/null || true)
if [ "$found" = "$wanted" ]; then
  say "ready already: $found"
elif [ ! -f constraints.txt ]; then
  exit 3 # there is something to do, but nothing yet to do it with
else
  [ -x "$python" ] || { say "making a virtual environment in $venv"; make_venv; }
  say "installing into $venv (the first time takes some minutes)"
  eval "set -- $pip_options"
  pip() { "$python" -m pip install --quiet --disable-pip-version-check "$@" </dev/null; }
  pip --constraint constraints.txt "$@" ./*.whl
  pip --force-reinstall --no-deps ./*.whl # its version may be the same while its code is not
  found=$("$python" -c "$identity" </dev/null) || fail "labtools does not start there"
  [ "$found" = "$wanted" ] || fail "has $found"
  say "ready: $found"
fi
command -v tmux >/dev/null || say "has no tmux: lanes will be plain background processes"
if [ "$gpus" -gt 0 ]; then
  seen=$("$python" -c 'import torch; print(torch.cuda.device_count())' </dev/null)
  [ "$seen" -ge "$gpus" ] ||
    fail "torch sees $seen GPUs, servers.yaml names $gpus; see \`nvidia-smi\`, and that torch is built for CUDA"
fi
