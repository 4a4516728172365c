#!/bin/sh
# Streams to the uArm vendor's own firmware on an emulated board and judges the step pulses.
# IMAGE=file.hex names the image (several: 'a.hex b.hex'); BOARD the folder of the board's source.
set -eu
cd "$(dirname "$0")/.."
board="${BOARD:-$(pwd)/../shared/peers/uarm_board}"
if [ -z "${IMAGE:-}" ]; then
  cat >&2 <<'TEXT'
bench-firmware needs an image of the arm's firmware, which is the vendor's to give: the release images
(.hex) are in the history of the public repository uArm-Developer/SwiftProForArduino. Then:
  make bench-firmware IMAGE=uArmPro_V4.10.0.hex
TEXT
  exit 66
fi
if [ ! -f "$board/board.c" ]; then
  echo "bench-firmware needs the emulated board (board.c, compare.py) in BOARD, found none in $board" >&2
  exit 66
fi
missing=""
for package in libsimavr-dev python3-numpy; do
  dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -n "$missing" ]; then
  echo "Installing$missing" >&2
  if [ "$(id -u)" = 0 ]; then sudo=""; else sudo="sudo"; fi
  $sudo apt-get update -qq && $sudo apt-get install -y -qq $missing >/dev/null
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cp "$board"/board.c "$board"/compare.py "$board"/Makefile "$work"
make -s -C "$work" board
exec python3 Benchmarks/firmware.py "$work" $IMAGE
