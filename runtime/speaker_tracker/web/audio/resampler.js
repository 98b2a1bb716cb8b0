// Changes the sampling rate of a stream, block by block: a polyphase FIR filter, a sinc under a Kaiser window.
// (Oppenheim and Schafer, "Discrete-Time Signal Processing", on windowed FIR design and on polyphase structures.)

const STOPBAND_DB = 80;
/** The passband ends at this share of the lower Nyquist frequency, where the stopband begins: nothing folds back into the audio. */
const PASSBAND = 0.875;

export class Resampler {
  #up;
  #down;
  #taps;
  #coefficients;
  #buffer;
  #phase = 0;
  #next = 0;

  /** Rates in Hz, whole numbers. The output is late by half the filter's length, some 2.5 ms at 48 kHz. */
  constructor(fromRate, toRate) {
    const common = greatestCommonDivisor(fromRate, toRate);
    this.#up = toRate / common;
    this.#down = fromRate / common;
    [this.#taps, this.#coefficients] = fromRate === toRate ? [1, Float32Array.of(1)] : design(fromRate, toRate, this.#up);
    this.#buffer = new Float32Array(this.#taps - 1 + 1024);
  }

  /** How many samples `process` may write for `length` samples of input. */
  room(length) {
    return Math.ceil((length * this.#up) / this.#down) + 1;
  }

  /** Takes a block of any length in, writes what is due to `output`, and returns how many samples that was. */
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

  #bufferFor(length) {
    if (this.#buffer.length < length) {
      const longer = new Float32Array(length);
      longer.set(this.#buffer.subarray(0, this.#taps - 1));
      this.#buffer = longer;
    }
    return this.#buffer;
  }
}

/** Taps per phase, and for each of the `up` phases its coefficients, in the order in which samples lie in the buffer. */
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
    values.forEach((value, tap) => {
      coefficients[phase * taps + taps - 1 - tap] = value / sum;
    });
  }
  return [taps, coefficients];
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The modified Bessel function of the first kind and order zero, by its power series. */
function besselI0(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
