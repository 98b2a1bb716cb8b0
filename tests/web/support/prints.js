// Voiceprints to test with.

/** A voiceprint whose two values, float16 within [-1, 1], are as they are given. */
export function print(x, y, { seconds = 10, model = "ecapa-mini", version = 1 } = {}) {
  const bits = [x, y].map(half);
  return { model, version, vector: btoa(String.fromCharCode(...bits.flatMap((value) => [value & 0xff, value >> 8]))), seconds };
}

/** The bits of a float16 that is 0, or has few digits and lies within [2^-14, 1]; IEEE 754, 3.6. */
function half(value) {
  if (value === 0) {
    return 0;
  }
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  const fraction = Math.round((Math.abs(value) / 2 ** exponent - 1) * 1024);
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction;
}

/** A server that recognizes voices by the model of `print`. */
export const OFFER = { model: "ecapa-mini", version: 1, maxVoices: 50, maxNameLength: 100 };

/** A voice as the store gives it. */
export function remembered(id, name, voiceprint, added = "2026-11-28") {
  return { id, name, voiceprint, added };
}
