// What views have in common.

export function byId(id) {
  return document.getElementById(id);
}

/** An element with attributes and content; what is null among the content is left out. */
export function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    made.setAttribute(attribute, value);
  }
  made.append(...content.filter((part) => part !== null));
  return made;
}

/** Changes text only where it differs, so that a screen reader is not told twice. */
export function setText(target, text) {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

/** Changes an attribute only where it differs. */
export function setAttribute(target, name, value) {
  if (target.getAttribute(name) !== value) {
    target.setAttribute(name, value);
  }
}

/** A level within [0, 1] on a meter. */
export function setMeter(meter, share, quality) {
  meter.firstElementChild.style.transform = `scaleX(${share})`;
  meter.dataset.level = quality;
  setAttribute(meter, "aria-valuenow", String(Math.round(share * 100)));
}
