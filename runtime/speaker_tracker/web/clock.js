// Times in words and figures.

/**
 * Milliseconds as `1:02:03`, `2:03` or `0:03`; with `tenths` as `2:03.4`.
 *
 * @param {number} ms
 * @param {boolean} [tenths]
 */
export function clock(ms, tenths = false) {
  const units = tenths ? Math.round(ms / 100) : Math.floor(ms / 1000);
  const seconds = tenths ? Math.floor(units / 10) : units;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const head = hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}` : String(minutes);
  const tail = `:${String(seconds % 60).padStart(2, "0")}`;
  return head + tail + (tenths ? `.${units % 10}` : "");
}

/**
 * As `clock`, to the nearest whole second.
 *
 * @param {number} ms
 */
export function roundClock(ms) {
  return clock(Math.round(ms / 1000) * 1000);
}

/**
 * Milliseconds as a person would say them: `1 hour 2 minutes`, `2 minutes 3 seconds`.
 *
 * @param {number} ms
 */
export function spokenTime(ms) {
  const seconds = Math.round(ms / 1000);
  /** @type {[number, string][]} */
  const parts = [
    [Math.floor(seconds / 3600), "hour"],
    [Math.floor(seconds / 60) % 60, "minute"],
    [seconds % 60, "second"],
  ];
  const spoken = parts.filter(([count]) => count > 0).slice(0, 2);
  return spoken.map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`).join(" ") || "0 seconds";
}

/**
 * A share as `58 %`.
 *
 * @param {number} share within [0, 1]
 */
export function percent(share) {
  return `${Math.round(share * 100)}\u00a0%`;
}
