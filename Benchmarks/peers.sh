#!/bin/sh
# Runs the peers' scripts beside our own benchmarks and prints ratios. Needs the reference data in
# ../shared; installs what the scripts need into a throw-away Python environment.
set -eu
cd "$(dirname "$0")/.."
shared="$(pwd)/../shared"
[ -d "$shared/peers" ] || { echo "bench-peers needs the peers' scripts in ../shared/peers" >&2; exit 66; }
environment="${PEERS_VENV:-}"
if [ -z "$environment" ]; then
  environment="$(mktemp -d)/venv"
  trap 'rm -rf "$(dirname "$environment")"' EXIT
  echo "Installing the peers into $environment (some GB)" >&2
  python3 -m venv "$environment"
  "$environment/bin/pip" install -q numpy scipy pin safetensors osqp torch pytorch_kinematics
fi
exec "$environment/bin/python" Benchmarks/peers.py "$shared"
