// Colours and patterns, taken from the style sheet so that pictures and page agree.

export const HUES = 5;

/** The index of a person's colour. */
export function hueOf(number) {
  return (number - 1) % HUES;
}

/** The index of a person's pattern: colours that come again have another one. */
export function patternOf(number) {
  return (number - 1 + Math.floor((number - 1) / HUES)) % HUES;
}

/** The colours that hold within an element. */
export function themeOf(element) {
  const style = getComputedStyle(element);
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

/** The colours of pictures to keep, whatever the page has now. */
export function lightTheme() {
  const probe = document.createElement("div");
  probe.className = "light";
  document.body.append(probe);
  const theme = themeOf(probe);
  probe.remove();
  return theme;
}
