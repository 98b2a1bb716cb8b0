// Changes the sampling rate of a stream, block by block: a polyphase FIR filter, a sinc under a Kaiser window.
// (Oppenheim and Schafer, "Discrete-Time Signal Processing", on windowed FIR design and on polyphase structures.)

const STOPBAND_DB = 80;
/** End of the passband as a share of the lower Nyquist frequency, where the stopband begins: nothing aliases into the audio. */
const PASSBAND = 0.875;
/** Samples that the buffer takes before it has to grow. */
const BLOCK = 1024;

export class Resampler {
  #up;
  #down;
  #taps;
  #coefficients;
  /** The last `taps - 1` samples of input, then the block that is being processed. */
  #buffer;
  #phase = 0;
  /** Index in the buffer of the next output's first sample; beyond the block where it needs the next one. */
  #next = 0;

  /**
   * The output is late by half the filter's length, some 2.5 ms at 48 kHz.
   *
   * @param {number} fromRate in Hz, a whole number
   * @param {number} toRate in Hz, a whole number
   */
  constructor(fromRate, toRate) {
    const common = greatestCommonDivisor(fromRate, toRate);
    this.#up = toRate / common;
    this.#down = fromRate / common;
    const filter = fromRate === toRate ? { taps: 1, coefficients: Float32Array.of(1) } : design(fromRate, toRate, this.#up);
    this.#taps = filter.taps;
    this.#coefficients = filter.coefficients;
    this.#buffer = new Float32Array(this.#taps - 1 + BLOCK);
  }

  /**
   * Most samples that `process` writes.
   *
   * @param {number} length of the input in samples
   */
  room(length) {
    return Math.ceil((length * this.#up) / this.#down) + 1;
  }

  /**
   * Takes a block in and writes what is due.
   *
   * @param {Float32Array} input of any length
   * @param {Float32Array} output with `room(input.length)` samples
   * @returns {number} how many samples were written
   */
  process(input, output) {
    const history = this.#taps - 1;
    const buffer = this.#bufferFor(history + input.length);
    buffer.set(input, history);
    let written = 0;
    while (this.#next < input.length) {
      let sum = 0;
      const first = this.#phase * this.#taps;
      for (let tap = 0; tap < this.#taps; tap++) {
        sum += this.#coefficients[first + tap] * buffer[this.#next + tap];
      }
      output[written++] = sum;
      this.#phase += this.#down;
      this.#next += Math.floor(this.#phase / this.#up);
      this.#phase %= this.#up;
    }
    this.#next -= input.length;
    buffer.copyWithin(0, input.length, input.length + history);
    return written;
  }

  /** @param {number} length */
  #bufferFor(length) {
    if (this.#buffer.length < length) {
      const longer = new Float32Array(length);
      longer.set(this.#buffer.subarray(0, this.#taps - 1));
      this.#buffer = longer;
    }
    return this.#buffer;
  }
}

/**
 * The filter: how many taps a phase has, and for each of the `up` phases its coefficients, in the order of samples in the buffer.
 *
 * @param {number} fromRate
 * @param {number} toRate
 * @param {number} up
 */
function design(fromRate, toRate, up) {
  const nyquist = Math.min(fromRate, toRate) / 2;
  const transition = (1 - PASSBAND) * nyquist;
  const cutoff = nyquist - transition / 2;
  const rate = fromRate * up;
  const taps = Math.ceil(((STOPBAND_DB - 7.95) / 14.36) * (fromRate / transition));
  const length = taps * up;
  const beta = 0.1102 * (STOPBAND_DB - 8.7);
  const coefficients = new Float32Array(length);
  for (let phase = 0; phase < up; phase++) {
    let sum = 0;
    const values = [];
    for (let tap = 0; tap < taps; tap++) {
      const position = phase + tap * up - (length - 1) / 2;
      const edge = (2 * position) / (length - 1);
      values.push(sinc((2 * cutoff * position) / rate) * besselI0(beta * Math.sqrt(Math.max(0, 1 - edge * edge))));
      sum += values[tap];
    }
    for (const [tap, value] of values.entries()) {
      coefficients[phase * taps + taps - 1 - tap] = value / sum;
    }
  }
  return { taps, coefficients };
}

/** @param {number} x */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/**
 * The modified Bessel function of the first kind and order zero, by its power series.
 *
 * @param {number} x
 */
function besselI0(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
