// Colours and patterns, taken from the style sheet so that pictures and page agree.

export const HUES = 5;

/**
 * Colours as CSS has them.
 *
 * @typedef {object} Theme
 * @property {string} card
 * @property {string} raised
 * @property {string} text
 * @property {string} muted
 * @property {string} line
 * @property {string} accent
 * @property {string} warn
 * @property {{fill: string, edge: string, ink: string}[]} hues of people: fill, outline, and what is written on the fill
 */

/**
 * The index of a person's colour.
 *
 * @param {number} number
 */
export function hueOf(number) {
  return (number - 1) % HUES;
}

/**
 * The index of a person's pattern: colours that come again have another one.
 *
 * @param {number} number
 */
export function patternOf(number) {
  return (number - 1 + Math.floor((number - 1) / HUES)) % HUES;
}

/**
 * The colours that hold within an element.
 *
 * @param {Element} element
 * @returns {Theme}
 */
export function themeOf(element) {
  const style = getComputedStyle(element);
  /** @param {string} name */
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    card: colour("card"),
    raised: colour("raised"),
    text: colour("text"),
    muted: colour("muted"),
    line: colour("line"),
    accent: colour("accent"),
    warn: colour("warn"),
    hues: Array.from({ length: HUES }, (_, hue) => ({
      fill: colour(`hue-${hue}`),
      edge: colour(`hue-${hue}-edge`),
      ink: colour(`hue-${hue}-ink`),
    })),
  };
}

/** The colours of pictures to keep, whatever scheme the page has now. */
export function lightTheme() {
  const probe = document.createElement("div");
  probe.className = "light";
  document.body.append(probe);
  const theme = themeOf(probe);
  probe.remove();
  return theme;
}
