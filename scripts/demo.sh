#!/usr/bin/env bash
# Installs labtools (in .venv, if no virtual environment is active) and runs the whole chain on a simulated cohort.
#   bash scripts/demo.sh [--out DIR] [--lanes N]
source "$(dirname "${BASH_SOURCE[0]}")/_venv.sh"

python -m pip install --quiet --disable-pip-version-check --editable .
if ! python -c 'import cv2' 2>/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  # OpenCV's wheel links a few libraries that bare servers lack.
  apt-get update -qq && apt-get install -y -qq --no-install-recommends libgl1 libglib2.0-0 >/dev/null
fi
exec labtools demo "$@"
