// Notices to the user, above everything else until they are dismissed.

import { byId, element } from "./dom.js";

/** @import { Problem } from "../wording.js" */

export class Notices {
  #area = byId("notices");

  /** @param {Problem} problem */
  show(problem) {
    const [title, advice] = problem.words;
    const dismiss = element("button", { type: "button", class: "quiet small" }, "Dismiss");
    const notice = element("div", { class: "notice", "data-code": problem.code });
    notice.append(element("div", {}, element("strong", {}, title), advice), dismiss);
    dismiss.addEventListener("click", () => {
      notice.remove();
      /** @type {HTMLElement | null} */ (byId("main").querySelector("h2:not([hidden] *)"))?.focus();
    });
    this.#area.replaceChildren(notice);
    notice.scrollIntoView({ block: "nearest" });
  }

  clear() {
    this.#area.replaceChildren();
  }
}
