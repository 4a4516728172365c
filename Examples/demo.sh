#!/bin/sh
# The main job on what ships: example motions onto two robots, every limit verified.
set -eu
cd "$(dirname "$0")/.."
motionc=.build/release/motionc
results=results/demo
"$motionc" doctor
for robot in uarm_swift_pro unitree_g1; do
  echo
  echo "== $robot: from motion files to trajectories within all limits"
  "$motionc" compile Examples/Motions --robot "$robot" \
    --model "Examples/Models/$robot.safetensors" -o "$results/$robot" --format csv,json
  "$motionc" verify "$results/$robot"/*.trajectory.safetensors
done
echo
echo "The trajectories are in $results: .csv to look at, .json for ROS, .trajectory.safetensors"
echo "with limits and their sources. Next: $motionc --help"
