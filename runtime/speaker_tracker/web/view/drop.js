// Files may be dropped anywhere on the page.

import { byId } from "./dom.js";

/**
 * Lets the page take files; those that it does not want the browser does not open in the page's place either.
 *
 * @param {() => boolean} isWelcome whether a file would be taken now
 * @param {(files: FileList) => void} onFiles
 */
export function letFilesDrop(isWelcome, onFiles) {
  const hint = byId("drop-hint");
  addEventListener("dragover", (event) => {
    const dragged = filesOf(event);
    if (dragged !== null) {
      event.preventDefault();
      hint.hidden = !isWelcome();
      dragged.dropEffect = isWelcome() ? "copy" : "none";
    }
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) {
      hint.hidden = true;
    }
  });
  addEventListener("drop", (event) => {
    const dropped = filesOf(event);
    if (dropped !== null) {
      event.preventDefault();
      hint.hidden = true;
      if (isWelcome()) {
        onFiles(dropped.files);
      }
    }
  });
}

/**
 * What is dragged, null where it has no files.
 *
 * @param {DragEvent} event
 */
function filesOf({ dataTransfer }) {
  return dataTransfer?.types.includes("Files") ? dataTransfer : null;
}
