// Audio to test with, and measures of it.

/** A tone of amplitude 0.5. */
export function tone(rate, frequency, seconds = 0.5) {
  return Float32Array.from({ length: rate * seconds }, (_, index) => 0.5 * Math.sin((2 * Math.PI * frequency * index) / rate));
}

/** Noise within [-1, 1), the same each time: a linear congruential generator (Numerical Recipes, "ranqd1"). */
export function noise(length) {
  let state = 3;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function decibels(ratio) {
  return 20 * Math.log10(ratio + 1e-12);
}

export function peakOf(samples) {
  return samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
}

/** Amplitude of a tone in samples at 16 kHz by least squares, and the RMS of all else. */
export function amplitudeAndRest(samples, frequency) {
  const angle = (index) => (2 * Math.PI * frequency * index) / 16_000;
  const [sine, cosine] = [Math.sin, Math.cos].map((wave) => Float64Array.from(samples, (_, index) => wave(angle(index))));
  const dot = (a, b) => a.reduce((sum, value, index) => sum + value * b[index], 0);
  const [ss, cc, sc, sx, cx] = [dot(sine, sine), dot(cosine, cosine), dot(sine, cosine), dot(sine, samples), dot(cosine, samples)];
  const determinant = ss * cc - sc * sc;
  const [a, b] = [(sx * cc - cx * sc) / determinant, (cx * ss - sx * sc) / determinant];
  const rest = Float64Array.from(samples, (sample, index) => sample - a * sine[index] - b * cosine[index]);
  return { amplitude: Math.hypot(a, b), rest: Math.sqrt(dot(rest, rest) / rest.length) };
}
