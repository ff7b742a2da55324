# Sourced by demo.sh and test.sh: the repository's root as working directory, and a virtual environment that is active.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_python() {
  local candidate
  for candidate in python3 python; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
      echo "$candidate"
      return
    fi
  done
  echo "labtools needs Python 3.10 or newer; install it and run this script again." >&2
  return 1
}

if [ -z "${VIRTUAL_ENV:-}" ] && [ -z "${CONDA_PREFIX:-}" ]; then
  if [ ! -f .venv/bin/activate ] && [ ! -f .venv/Scripts/activate ]; then
    python=$(find_python)
    echo "Creating a virtual environment in .venv"
    "$python" -m venv .venv
  fi
  # Git Bash on Windows keeps the scripts in another folder.
  if [ -f .venv/bin/activate ]; then . .venv/bin/activate; else . .venv/Scripts/activate; fi
fi

# Installs Debian packages where that is possible; else says what to install. Usage: system_packages COMMAND=PACKAGE...
system_packages() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "Installing ${missing[*]}"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "Please install: ${missing[*]}   (the tests that need them are skipped, and say so)" >&2
  fi
}
