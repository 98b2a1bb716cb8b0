// What views have in common: finding, making and changing elements.

/**
 * The element of this id. Throws where the page has none, or one of another kind.
 *
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {string} id
 * @param {new () => Kind} [kind]
 * @returns {Kind}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof (kind ?? HTMLElement))) {
    throw new TypeError(`the page has no such element: ${id}`);
  }
  return /** @type {Kind} */ (found);
}

/**
 * An element with attributes and content.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | number>} [attributes]
 * @param {...(Node | string)} content
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    made.setAttribute(attribute, String(value));
  }
  made.append(...content);
  return made;
}

/**
 * Changes text only where it differs, so that a screen reader is not told twice.
 *
 * @param {HTMLElement} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

/**
 * Changes an attribute only where it differs.
 *
 * @param {HTMLElement} target
 * @param {string} name
 * @param {string} value
 */
export function setAttribute(target, name, value) {
  if (target.getAttribute(name) !== value) {
    target.setAttribute(name, value);
  }
}

/**
 * Shows a level on a meter.
 *
 * @param {HTMLElement} meter
 * @param {number} share within [0, 1]
 * @param {import("../audio/level.js").Quality | "progress"} quality
 */
export function setMeter(meter, share, quality) {
  const fill = /** @type {HTMLElement} */ (meter.firstElementChild);
  fill.style.transform = `scaleX(${share})`;
  meter.dataset.level = quality;
  setAttribute(meter, "aria-valuenow", String(Math.round(share * 100)));
}
