#!/usr/bin/env bash
# Installs labtools with all that its tests need, checks style, types and import layers, and runs all the tests.
#   bash scripts/test.sh [PYTEST OPTIONS]      e.g. -m "slow or not slow": also those that are left out for time
source "$(dirname "${BASH_SOURCE[0]}")/_venv.sh"

# Two servers and a cluster on this machine (scripts/loopback_servers.py, loopback_slurm.py), which only root can make.
# The tests start what they need and end it; the installation itself starts no daemon.
daemons() {
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && made=yes
  fi
  PATH=$PATH:/usr/sbin system_packages "$@" || echo "Not all could be installed; tests that need more are skipped." >&2
  if [ -n "$made" ]; then rm -f "$policy"; fi
}

packages() {
  system_packages tmux=tmux chromium=chromium ssh=openssh-client
  if [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    daemons sshd=openssh-server unshare=util-linux hostname=hostname \
      munged=munge slurmctld=slurmctld slurmd=slurmd sbatch=slurm-client cc=gcc
  fi
}

# What of the standard library is not there on Windows or macOS. Without the packages' types, which are the same there
# and would take half a minute each.
elsewhere() {
  local system lacks code=0
  for system in win32 darwin; do
    lacks=$(mypy --config-file= --cache-dir=/dev/null --platform "$system" --no-site-packages --ignore-missing-imports \
      labtools | grep 'Module has no attribute' || true)
    if [ -n "$lacks" ]; then printf '%s, on %s\n' "$lacks" "$system" && code=1; fi
  done
  return "$code"
}

packages &
# Only what is imported is compiled, when it is: compiling all of torch takes longer than many tests.
python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[dev]'
wait $!
if ! python -c 'import cv2' 2>/dev/null; then
  system_packages opencv-libgl=libgl1 opencv-glib=libglib2.0-0
fi

ruff check .
ruff format --check .
lint-imports
checks=$(mktemp)
{ mypy && elsewhere; } >"$checks" 2>&1 & # beside the first tests
mypy=$!
# All tests of a file go to one worker, which sets up what they share only once.
code=0
python -m pytest --numprocesses 2 --dist loadfile "$@" || code=$?
wait "$mypy" || code=$?
cat "$checks"
rm -f "$checks"
exit "$code"
