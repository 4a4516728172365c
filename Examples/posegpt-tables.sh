#!/bin/sh
# Tables like 1, 3 and 4 of the PoseGPT paper on motions of your own: many short trainings of small models, one row
# each. The argument is a folder of motions with an index.csv; only rows whose licence begins with LICENCE (CMU if not
# set) are trained on. STEPS (800) is the number of steps of each GPT, TOKENIZER_STEPS (4000) that of each autoencoder,
# WORK the folder for the models, CELLS a pattern of the rows to make ("quantiser/vector-k4-*"). What was made is not
# made again.
set -eu
cd "$(dirname "$0")/.."
motionc=.build/release/motionc
motions="$1"
work="${WORK:-results/posegpt-tables}"
steps="${STEPS:-800}"
threads="${THREADS:-1}"
cells="${CELLS:-*}"
mkdir -p "$work"

# row NAME OPTIONS...: trains and evaluates one cell, and prints its row.
row() {
  name="$1"; shift
  case "$name" in $cells) ;; *) return 0 ;; esac
  file="$work/$(printf %s "$name" | tr / -).safetensors"
  [ -f "$file" ] || "$motionc" train posegpt --motions "$motions" "--licence=${LICENCE:-CMU}" --pack "$work/pack" \
    -o "$file" --steps "$steps" --tokenizer-steps "${TOKENIZER_STEPS:-4000}" --width 128 --heads 4 --layers 3 --tokenizer-width 96 \
    --tokenizer-layers 3 --batch 32 --threads "$threads" --seed 1 "$@" 2>>"$work/log"
  [ -f "$file.txt" ] || "$motionc" evaluate posegpt --motions "$motions" "--licence=${LICENCE:-CMU}" --model "$file" \
    --count 128 --threads "$threads" >"$file.txt" 2>>"$work/log"
  awk -v name="$name" '
    /^reconstruction:/ { world = $2; pose = $9 }
    /^codes used:/ { used = $3 }
    /^likelihood:/ { bits = $2; perplexity = $10; sub(",", "", perplexity) }
    /^0 / && NF == 4 { fid = $2; rt = $3; rs = $4 }
    END { printf "%-28s %9s %9s %8s %8s %8s %8s %6s %6s\n", name, world, pose, used, bits ? bits : "-",
      perplexity ? perplexity : "-", fid ? fid : "-", rt ? rt : "-", rs ? rs : "-" }' "$file.txt"
  rm -f "$file.checkpoint" "$file.tokenizer.checkpoint"
}

# The figures of `evaluate posegpt` (Docs/posegpt.md): error of joints in the world and about the pelvis, codes in use,
# bits a frame, perplexity of a code, Fréchet distance, R_T and R_S without a past.
printf '%-28s %9s %9s %8s %8s %8s %8s %6s %6s\n' cell 'world/mm' 'pose/mm' 'used/%' 'bits' 'perpl.' 'FID' 'R_T' 'R_S'
for k in 1 2 4 8; do row "capacity/k$k-c256" --quantizer vector --books $k --codes 256; done
for c in 128 512; do for k in 2 4; do row "capacity/k$k-c$c" --quantizer vector --books $k --codes $c; done; done
for r in 2 8; do row "frames/k4-c256-r$r" --quantizer vector --books 4 --codes 256 --frames-per-token $r; done
row "quantiser/scalar-k4-c256" --books 4 --codes 256 --quantizer scalar
row "quantiser/scalar-k1-c256" --books 1 --codes 256 --quantizer scalar
row "causal/none-k4-c256" --quantizer vector --books 4 --codes 256 --causality none --tokenizer-only
row "causal/both-k4-c256" --quantizer vector --books 4 --codes 256 --causality both
base="$work/capacity-k4-c256.safetensors"
if [ -f "$base" ]; then
  row "head/independent" --quantizer vector --tokenizer "$base" --head independent
  row "head/masked" --quantizer vector --tokenizer "$base" --head masked
fi
