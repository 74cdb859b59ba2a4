/** A picture of this device as what vj takes: a JPEG, small enough to be sent. */

import {decoded, release} from "./feed.js";

const LARGEST = 1024; // pixels
const QUALITY = 0.92;

/** What a browser offers to choose, or to photograph. */
export const ACCEPT = "image/*";

/**
 * @param {File} file
 * @returns {Promise<string>} a data URL; rejected with an Error whose message is for the performer
 */
export async function pictureOf(file) {
  let picture;
  try {
    picture = await decoded(file);
  } catch {
    const kind = file.type ? ` (${file.type})` : "";
    throw new Error(`This browser cannot read ${file.name}${kind}. Save it as JPEG or PNG.`);
  }
  const image = small(picture);
  release(picture);
  return image;
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
