// What the user has to be told, above everything else, until it is dismissed.

import { byId, element } from "./dom.js";

export class Notices {
  #area = byId("notices");

  /** `problem`: a Problem. */
  show(problem) {
    const [title, advice] = problem.words;
    const dismiss = element("button", { type: "button", class: "quiet small" }, "Dismiss");
    const notice = element("div", { class: "notice", "data-code": problem.code });
    notice.append(element("div", {}, element("strong", {}, title), advice), dismiss);
    dismiss.addEventListener("click", () => {
      notice.remove();
      byId("main").querySelector("h2:not([hidden] *)")?.focus();
    });
    this.#area.replaceChildren(notice);
    notice.scrollIntoView({ block: "nearest" });
  }

  clear() {
    this.#area.replaceChildren();
  }
}
