#!/usr/bin/env bash
# Installs labtools with all that its tests need, checks style, types and import layers, and runs all the tests.
#   bash scripts/test.sh [PYTEST OPTIONS]
source "$(dirname "${BASH_SOURCE[0]}")/_venv.sh"

python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
system_packages tmux=tmux chromium=chromium
if ! python -c 'import cv2' 2>/dev/null; then
  system_packages opencv-libgl=libgl1 opencv-glib=libglib2.0-0
fi

ruff check .
ruff format --check .
mypy
lint-imports
exec python -m pytest "$@"
