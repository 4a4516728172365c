#!/bin/sh
# Maps every robot of a folder of URDFs by 'motionc map', compiles the example motions for it without a
# model, verifies what was compiled, and prints a table in Markdown. The argument is the folder; by default
# Robots, the ones that ship, mapped anew. Nothing is written beside the robots.
set -eu
cd "$(dirname "$0")/.."
motionc="${MOTIONC:-.build/release/motionc}"
folder="${1:-Robots}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The number after a text in a file, or a dash.
after() {
  found=$(sed -n "s/.*$1\([0-9.][0-9.]*\( mm\| m\)*\).*/\1/p" "$2" | head -n 1)
  [ -n "$found" ] && printf '%s' "$found" || printf -- '-'
}

echo "| robot | what | parts | doubts | best on 200 poses | example motions: mean, optimum | trajectories, limits broken |"
echo "| --- | --- | --- | --- | --- | --- | --- |"
find -L "$folder" -name '*.urdf' | sort | while read -r urdf; do
  name=${urdf#"$folder"/}
  rm -rf "$work/out"
  if ! "$motionc" map "$urdf" -o "$work/mapping.yaml" > "$work/map.txt" 2> "$work/error.txt"; then
    reason=$(tail -n 1 "$work/error.txt" | sed "s/^motionc: //; s/^no mapping is written: //; s/^'[^']*' is not mapped: //; s/: Mappings.*//; s/|/ /g")
    echo "| $name | no mapping: $reason | | | | | |"
    continue
  fi
  "$motionc" map "$urdf" --json > "$work/map.json" 2> /dev/null
  what=$(sed -n '1s/^[^:]*: //p' "$work/map.txt" | sed 's/ (shown by[^)]*)//; s/|/ /g')
  parts=$(grep -c '"evidence"' "$work/map.json" || true)
  doubts=$(grep -c '^doubt: ' "$work/map.txt" || true)
  best=$(after 'of a person its links are ' "$work/map.txt")
  "$motionc" evaluate retargeter --ik --robot "$urdf" --mapping "$work/mapping.yaml" --all \
    --motions Examples/Motions --optimum-poses 100 > "$work/evaluate.txt" 2> /dev/null || true
  mean=$(after 'distance of links from targets: ' "$work/evaluate.txt")
  optimum=$(after 'kinematics ' "$work/evaluate.txt")
  "$motionc" compile Examples/Motions --robot "$urdf" --mapping "$work/mapping.yaml" \
    -o "$work/out" > "$work/compile.txt" 2> "$work/error.txt" || true
  done=$(find "$work/out" -name '*.trajectory.safetensors' 2> /dev/null | wc -l)
  if [ "$done" -gt 0 ]; then
    "$motionc" verify "$work"/out/*.trajectory.safetensors > /dev/null 2> "$work/verify.txt" || true
    broken=$(sed -n 's/.*verified, \([0-9]*\) broke.*/\1/p' "$work/verify.txt" | tail -n 1)
    result="$done, ${broken:--}"
  else
    result="none: $(grep -v '^note\|^doubt\|^ ' "$work/error.txt" | head -n 1 | sed 's/^motionc: //; s/|/ /g')"
  fi
  echo "| $name | $what | $parts | $doubts | $best | $mean, $optimum | $result |"
done
