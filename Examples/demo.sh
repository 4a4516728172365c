#!/bin/sh
# The main job on what ships: new motion from noise and captured motion, onto two robots, every
# limit verified.
set -eu
cd "$(dirname "$0")/.."
motionc=.build/release/motionc
results=results/demo
rm -rf "$results"
"$motionc" doctor
echo
echo "== from noise to human motion"
"$motionc" sample -o "$results/samples" --count 4 --frames 90 --action walk --seed 1
"$motionc" sample -o "$results/samples" --count 4 --frames 90 --seed 2
for robot in uarm_swift_pro unitree_g1; do
  echo
  echo "== $robot: from sampled and captured motion to trajectories within all limits"
  "$motionc" compile "$results/samples" Examples/Motions --robot "$robot" \
    --model "Examples/Models/$robot.safetensors" -o "$results/$robot" --format csv,json
  "$motionc" verify "$results/$robot"/*.trajectory.safetensors
done
echo
echo "The sampled motions are in $results/samples (.bvh for Blender, .npz for NumPy), the"
echo "trajectories in $results/uarm_swift_pro and $results/unitree_g1: .csv to look at, .json for"
echo "ROS, .trajectory.safetensors with limits and their sources. Next: $motionc --help"
