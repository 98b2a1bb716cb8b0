// Files may be dropped anywhere on the page.

import { byId } from "./dom.js";

/** `isWelcome()`: whether a file would be taken now. What is not taken is not opened by the browser in the page's place either. */
export function letFilesDrop(isWelcome, onFiles) {
  const hint = byId("drop-hint");
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) {
      event.preventDefault();
      hint.hidden = !isWelcome();
      event.dataTransfer.dropEffect = isWelcome() ? "copy" : "none";
    }
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) {
      hint.hidden = true;
    }
  });
  addEventListener("drop", (event) => {
    if (hasFiles(event)) {
      event.preventDefault();
      hint.hidden = true;
      if (isWelcome()) {
        onFiles(event.dataTransfer.files);
      }
    }
  });
}
