#!/bin/sh
# The main job on what ships: new motion from noise and captured motion, onto three robots, every
# limit verified; then a sampled motion moves a simulated arm and the 20 simulated motors of a humanoid.
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
for robot in uarm_swift_pro unitree_g1 robotis_op3; do
  echo
  echo "== $robot: from sampled and captured motion to trajectories within all limits"
  "$motionc" compile "$results/samples" Examples/Motions --robot "$robot" \
    -o "$results/$robot" --format csv,json
  "$motionc" verify "$results/$robot"/*.trajectory.safetensors
done
echo
echo "== the arm moves: a sampled motion, live at 20 Hz, to a simulated uArm (firmware 4.10)"
"$motionc" stream "$results/uarm_swift_pro/walk_1_0001.trajectory.safetensors" \
  --robot uarm_swift_pro --rate 20 --go --log "$results/arm.csv"
echo
echo "== from noise to a humanoid's motors: the same motion, live at 100 Hz, to 20 simulated Dynamixel motors"
"$motionc" stream "$results/robotis_op3/walk_1_0001.trajectory.safetensors" \
  --robot robotis_op3 --go --log "$results/op3.csv"
echo
echo "== a report: the G1 beside the person, with every figure"
"$motionc" report "$results/unitree_g1/walk.trajectory.safetensors" \
  --against Examples/Motions/walk.bvh --html "$results/report.html" > "$results/report.txt"
head -n 1 "$results/report.txt"
echo
echo "The sampled motions are in $results/samples (.bvh for Blender, .npz for NumPy), the"
echo "trajectories in $results/ROBOT: .csv to look at, .json for ROS, .trajectory.safetensors with"
echo "limits and their sources; what was commanded and measured in $results/arm.csv and op3.csv."
echo "Next: $motionc --help"
echo
echo "Open $results/report.html in a browser: a person and a robot walk, with every figure;"
echo "Docs/report.md defines them."
