// Files may be dropped anywhere on the page.

import { byId } from "./dom.js";

export function letFilesDrop(onFiles) {
  const hint = byId("drop-hint");
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) {
      event.preventDefault();
      hint.hidden = false;
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
      onFiles(event.dataTransfer.files);
    }
  });
}
