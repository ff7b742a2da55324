#!/usr/bin/env bash
# Brings labtools to the servers of configs/servers.yaml, in the very versions that are installed here, and checks them.
#   bash scripts/prepare_server.sh                         all servers
#   bash scripts/prepare_server.sh b                       one
#   bash scripts/prepare_server.sh --servers FILE a b      of another file
#   bash scripts/prepare_server.sh b -- --extra-index-url https://download.pytorch.org/whl/cu126     options of pip
#
# Each server gets a virtual environment at the place that its `python:` names: on a disk that servers share, the first
# one makes it and the others find it; else each has its own. What is ready already is left as it is, so the script may
# be run again at any time. It goes through your own ssh (or $LABTOOLS_SSH), and changes nothing but that environment.
typed_in=$PWD
# shellcheck source=scripts/_venv.sh
source "$(dirname "${BASH_SOURCE[0]}")/_venv.sh"

usage() { sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

servers=configs/servers.yaml
names=()
while [ $# -gt 0 ]; do
  case $1 in
    --servers) servers=$(cd "$typed_in" && realpath "${2:?--servers needs a file}"); shift ;;
    -h | --help) usage; exit 0 ;;
    --) shift; break ;;
    -*) usage >&2; exit 2 ;;
    *) names+=("$1") ;;
  esac
  shift
done
pip_options=("$@")
read -r -a ssh_command <<<"${LABTOOLS_SSH:-ssh}"

parcel=$(mktemp -d)
trap 'rm -rf "$parcel"' EXIT

# What an installation must be like: the line that _install_here.sh compares with its own.
identity='import sys
from labtools.train.servers.facts import code_hash, versions
found = versions()
print("Python %d.%d," % sys.version_info[:2], "labtools", found["labtools"], "(%s)," % code_hash(),
      "torch", found["torch"].split("+")[0] + ",", "ultralytics", found["ultralytics"])'
wanted=$(python -c "$identity")
typed=$(cd / && python -c "$identity" 2>/dev/null || echo none)
if [ "$typed" != "$wanted" ]; then
  echo "labtools as it is installed here ($typed) is not that of this folder ($wanted)." >&2
  echo "Install this one first: python -m pip install --editable $PWD" >&2
  exit 1
fi
echo "wanted: $wanted"

# The wheel, and the exact versions of all that is installed here, but for what depends on a machine's CUDA.
pack() {
  python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$parcel" .
  python -m pip freeze --disable-pip-version-check --exclude-editable |
    sed -n 's/^\([A-Za-z0-9._-]*==[^+ ]*\).*/\1/p' | grep -Ev '^(nvidia-|triton==|labtools==)' >"$parcel/constraints.txt"
}

cp scripts/_install_here.sh "$parcel"

# One line per server: its name, and what ssh is told ("-": this machine). What is to be done there goes into a file.
list_servers() {
  python - "$parcel" "$servers" "$wanted" "$identity" "$@" <<'PYTHON'
import shlex, sys
from pathlib import Path
from labtools.core.errors import LabError
from labtools.train.servers.config import read_servers

parcel, file, wanted, identity, *rest = sys.argv[1:]
cut = rest.index("--")
names, options = rest[:cut], rest[cut + 1 :]
try:
    known = {server.name: server for server in read_servers(Path(file))}
except LabError as error:
    sys.exit(str(error))
if not known:
    sys.exit(f"{file} lists no server; see its first lines")
if lost := [name for name in names if name not in known]:
    sys.exit(f"{file} has no server {', '.join(lost)}; it has {', '.join(known)}")
for server in [known[name] for name in names or known]:
    said = {"name": server.name, "python": server.python, "wanted": wanted, "identity": identity,
            "minor": "%d.%d" % sys.version_info[:2], "gpus": str(len(server.gpus)), "pip_options": shlex.join(options)}
    lines = [f"{key}={shlex.quote(value)}" for key, value in said.items()]
    lines += [f"export {key}={shlex.quote(value)}" for key, value in server.env]
    Path(parcel, f"{server.name}.settings").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(server.name, server.ssh or "-")
PYTHON
}

# Sends the parcel and runs what is in it. Whatever the login shell there is, it only has to understand one quoted word.
send() {
  local name=$1 ssh=$2 command
  cp "$parcel/$name.settings" "$parcel/settings"
  command="sh -c 'd=\$(mktemp -d) && trap \"rm -rf \$d\" EXIT && tar xf - -C \"\$d\" && sh \"\$d/_install_here.sh\" \"\$d\"'"
  if [ "$ssh" = - ]; then
    tar cf - -C "$parcel" . | sh -c "$command"
  else
    tar cf - -C "$parcel" . | "${ssh_command[@]}" -o BatchMode=yes -T "$ssh" "$command"
  fi
}

# Asks first, with nothing to install in the parcel: exit code 3 says that there is something to do.
prepare() {
  local code=0
  send "$@" || code=$?
  if [ $code -eq 3 ]; then
    [ -f "$parcel/constraints.txt" ] || pack
    code=0
    send "$@" || code=$?
  fi
  return $code
}

list=$(list_servers "${names[@]+"${names[@]}"}" -- "${pip_options[@]+"${pip_options[@]}"}")
bad=()
while read -r name ssh <&3; do
  prepare "$name" "$ssh" || bad+=("$name")
done 3<<<"$list"
if [ ${#bad[@]} -gt 0 ]; then
  echo "not ready: ${bad[*]}" >&2
  exit 1
fi
