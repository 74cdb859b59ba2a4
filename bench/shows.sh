#!/usr/bin/env bash
# All nine shows with real weights, as one sheet to look at: a row a show, eight moments of it.
#
#   bash bench/shows.sh [MODEL] [SHEET.jpg] [OPTION ...]
#
# MODEL: a Hugging Face id that was fetched before, or a folder; stabilityai/sd-turbo unless said.
# OPTION: more for every rendering (--size 256x256). Each show plays its recipe `with: sd`.
# Ends with 2 where there is no NVIDIA card or the weights are not here; nothing is fetched.
# VJ_CARD=no goes on without a card, to try the script on a small model.
set -euo pipefail
cd "$(dirname "$0")/.."
model="${1:-stabilityai/sd-turbo}"
sheet="${2:-card.jpg}"
shift $(($# < 2 ? $# : 2))
python="${PYTHON:-.venv/bin/python}"
shows=(kiss_crash me_kissing_me crash_me_gently artwalk performer sketch puppetry dream touchdesigner)
seconds=(28 24 20 18 8 10 8 12 4)

export HF_HUB_OFFLINE=1
"$python" - "$model" <<'CHECK' || exit 2
import os
import sys
import torch
from vj.diffusion.model_names import find_model, was_fetched

model = sys.argv[1]
if os.environ.get("VJ_CARD") != "no" and not torch.cuda.is_available():
    sys.exit("no NVIDIA card that PyTorch can use: nothing is rendered")
kind = find_model(model).kind
if kind == "missing" or (kind == "id" and not was_fetched(model)):
    sys.exit(f"the weights of {model} are not here: nothing is rendered")
CHECK

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
for index in "${!shows[@]}"; do
    show="${shows[$index]}"
    begun=$SECONDS
    shape=()
    [ "$show" = sketch ] && shape=(--size 4:3) # its own is that of its translator
    "$python" -m vj.cli "mappings/$show.yaml" --model "$model" --offline --for "${seconds[$index]}" \
        --sink "record:$work/$show.mp4" "${shape[@]}" "$@" >"$work/$show.log" 2>&1 ||
        { echo "$show: failed"; tail -5 "$work/$show.log"; continue; }
    echo "$show: ${seconds[$index]} s of film in $((SECONDS - begun)) s"
done

"$python" - "$work" "$sheet" "${shows[@]}" <<'SHEET'
import sys
from pathlib import Path

import av
import cv2
import numpy as np

work, sheet, *shows = sys.argv[1:]
rows = []
for show in shows:
    film = Path(work) / f"{show}.mp4"
    if not film.exists():
        continue
    with av.open(str(film)) as file:
        frames = [frame.to_ndarray(format="bgr24") for frame in file.decode(video=0)]
    picked = [frames[round(at)] for at in np.linspace(0, len(frames) - 1, 8)]
    small = [cv2.resize(one, (one.shape[1] * 192 // one.shape[0], 192)) for one in picked]
    row = np.hstack(small)
    cv2.putText(row, show, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    rows.append(row)
if not rows:
    sys.exit("nothing was rendered")
width = max(row.shape[1] for row in rows)
padded = [cv2.copyMakeBorder(row, 0, 4, 0, width - row.shape[1], cv2.BORDER_CONSTANT) for row in rows]
cv2.imwrite(sheet, np.vstack(padded), [cv2.IMWRITE_JPEG_QUALITY, 90])
print(f"{sheet}: {len(rows)} of {len(shows)} shows")
SHEET
