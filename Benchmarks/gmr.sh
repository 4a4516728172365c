#!/bin/sh
# GMR's algorithm (gmr.py) on the held-out clips of a folder, and its motions measured as our own are.
# Installs what the script needs into a throw-away Python environment.
set -eu
cd "$(dirname "$0")/.."
motions="${1:?a folder of motions with an index.csv whose column split says val of held-out clips}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python="${PEERS_VENV:+$PEERS_VENV/bin/python}"
if [ -z "$python" ]; then
  echo "Installing mink and MuJoCo into $work" >&2
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q mujoco mink daqp numpy safetensors
  python="$work/venv/bin/python"
fi
motionc=.build/release/motionc
"$motionc" import "$motions" -o "$work/clips" >/dev/null
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
for ground in origins soles; do
  "$python" Benchmarks/gmr.py "$work/clips" --index "$motions/index.csv" -o "$work/$ground" --ground "$ground"
  "$motionc" evaluate body --robot unitree_g1 --motions "$motions" --robot-motions "$work/$ground"
done
"$motionc" evaluate body --robot unitree_g1 --motions "$motions"
