#!/bin/sh
# Trains the models that Examples/Models ships, whose time limits are less than six hours together, and
# writes a card beside each. The argument is a folder of motions; with an index.csv in it, training takes
# only the rows of its split 'train' whose licence begins with LICENCE (CMU if not set, for shipped
# weights may only be made from these), and evaluation takes all rows of 'val'.
set -eu
cd "$(dirname "$0")/.."
motionc=.build/release/motionc
motions="${1:-Examples/Motions}"
licence=""
[ -f "$motions/index.csv" ] && licence="--licence=${LICENCE:-CMU}"
mkdir -p Examples/Models
for robot in ${ROBOTS:-uarm_swift_pro uarm_swift uarm_metal unitree_g1 robotis_op3}; do
  case "$robot" in
    unitree_g1 | robotis_op3) epochs=45 ;;
    *) epochs=20 ;;
  esac
  model="Examples/Models/$robot.safetensors"
  "$motionc" train retargeter --robot "$robot" --motions "$motions" $licence \
    -o "$model" --epochs "$epochs" --time-limit 20m --seed 1 --force
  "$motionc" evaluate retargeter --robot "$robot" --motions "$motions" --model "$model" \
    --card "Examples/Models/$robot.md"
  rm -f "$model.checkpoint"
done

if [ -z "${ROBOTS+set}" ]; then
  # Rows whose source had 12 frames a second teach no dynamics.
  sharp="--without lowrate12"
  text=""
  components=64
  head -n 1 "$motions/index.csv" 2>/dev/null | grep -q description && text="--text"
  # Hundreds of clips are hours of motion, which have more kinds of it.
  [ "$(cat "$motions/index.csv" 2>/dev/null | wc -l)" -gt 1000 ] && components=512
  model="Examples/Models/generator.safetensors"
  "$motionc" train generator --motions "$motions" $licence $sharp $text -o "$model" \
    --components "$components" --width 128 --heads 4 --layers 4 --batch 32 --rate 1e-3 --steps 18000 \
    --time-limit 45m --seed 1 --force
  "$motionc" evaluate generator --motions "$motions" $licence $sharp --model "$model" \
    --card Examples/Models/generator.md
  rm -f "$model.checkpoint"
  model="Examples/Models/smoother.safetensors"
  "$motionc" train smoother --motions "$motions" $licence $sharp -o "$model" --covariance \
    --width 128 --heads 4 --layers 2 --frames 63 --batch 32 --steps 20000 --time-limit 75m --seed 1 --force
  "$motionc" evaluate smoother --motions "$motions" --model "$model" \
    --card Examples/Models/smoother.md
  rm -f "$model.checkpoint"
  model="Examples/Models/hgvae.safetensors"
  "$motionc" train hgvae --motions "$motions" $licence $sharp -o "$model" \
    --width 96 --blocks 1 --batch 32 --rate 1.5e-3 --steps 16000 --time-limit 35m --seed 1 --force
  "$motionc" evaluate hgvae --motions "$motions" $sharp --model "$model" --card Examples/Models/hgvae.md
  rm -f "$model.checkpoint"
  model="Examples/Models/posegpt.safetensors"
  "$motionc" train posegpt --motions "$motions" $licence $sharp -o "$model" --width 160 --heads 4 --layers 4 \
    --tokenizer-steps 56000 --steps 10000 --batch 16 --rate 1e-3 --time-limit 45m --seed 1 --force
  "$motionc" evaluate posegpt --motions "$motions" $licence $sharp --model "$model" \
    --beside Examples/Models/generator.safetensors --card Examples/Models/posegpt.md
  rm -f "$model.checkpoint" "$model.tokenizer" "$model.tokenizer.checkpoint"
fi
