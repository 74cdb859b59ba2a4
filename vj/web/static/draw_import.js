/** A picture of this device onto the canvas, made small enough before it is sent. */

import {attempt, say} from "./parts.js";
import {decoded, release} from "./feed.js";

const LARGEST = 1024; // pixels
const QUALITY = 0.92;

/** Reads, shrinks and sends a picture, and says in `line` what came of it. */
export async function importPicture(app, line, file) {
  let picture;
  try {
    picture = await decoded(file);
  } catch {
    const kind = file.type ? ` (${file.type})` : "";
    say(line, `This browser cannot read ${file.name}${kind}. Save it as JPEG or PNG.`, true);
    return;
  }
  const image = small(picture);
  release(picture);
  await attempt(
    line,
    app.connection.request("canvas", {do: "import", image}),
    "The picture is on the canvas.",
  );
}

/** As a data URL; what is transparent becomes white. */
function small(picture) {
  const [width, height] = [
    picture.naturalWidth || picture.width,
    picture.naturalHeight || picture.height,
  ];
  const scale = Math.min(1, LARGEST / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", QUALITY);
}
