#!/bin/sh
# Trains the models that Examples/Models ships, each within twenty minutes on two cores, and writes
# a card beside each. The argument is a folder of motions; with an index.csv in it, training takes
# only the rows of its split 'train' whose licence begins with LICENCE (CMU if not set, for shipped
# weights may only be made from these), and evaluation takes all rows of 'val'.
set -eu
cd "$(dirname "$0")/.."
motionc=.build/release/motionc
motions="${1:-Examples/Motions}"
licence=""
[ -f "$motions/index.csv" ] && licence="--licence=${LICENCE:-CMU}"
mkdir -p Examples/Models
for robot in ${ROBOTS:-uarm_swift_pro unitree_g1}; do
  case "$robot" in
    unitree_g1) epochs=90 ;;
    *) epochs=40 ;;
  esac
  model="Examples/Models/$robot.safetensors"
  "$motionc" train retargeter --robot "$robot" --motions "$motions" $licence \
    -o "$model" --epochs "$epochs" --time-limit 20m --seed 1
  "$motionc" evaluate retargeter --robot "$robot" --motions "$motions" --model "$model" \
    --card "Examples/Models/$robot.md"
  rm -f "$model.checkpoint"
done
