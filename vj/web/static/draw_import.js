/** A picture of this device onto the canvas. */

import {attempt, say} from "./parts.js";
import {pictureOf} from "./picture_file.js";

/** Reads, shrinks and sends a picture, and says in `line` what came of it. */
export async function importPicture(app, line, file) {
  let image;
  try {
    image = await pictureOf(file);
  } catch (error) {
    say(line, error.message, true);
    return;
  }
  await attempt(
    line,
    app.connection.request("canvas", {do: "import", image}),
    "The picture is on the canvas.",
  );
}
