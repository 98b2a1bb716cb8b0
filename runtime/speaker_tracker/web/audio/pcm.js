// Samples as numbers within [-1, 1] and as signed 16-bit integers, full scale being 32768.

const FULL_SCALE = 32_768;

/**
 * A sample as a 16-bit number; what lies beyond is clipped. What was 16 bits before comes out as it was.
 *
 * @param {number} sample within [-1, 1]
 */
export function toInt16(sample) {
  return Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(sample * FULL_SCALE)));
}

/**
 * A 16-bit number as a sample within [-1, 1].
 *
 * @param {number} value
 */
export function fromInt16(value) {
  return value / FULL_SCALE;
}
