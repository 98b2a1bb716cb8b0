// Mixes channels to one without cancellation: channels in opposite phase are inverted before they are averaged, as in the Python
// package (speaker_tracker/audio/mixing.py).

/** Time constant of the averages that phases are judged by, in seconds. */
const JUDGED_SECONDS = 0.25;
/** Least amount of audio that phases are judged by, in seconds. */
const NEEDED_SECONDS = 0.2;
/** Power of the sum of the channels, relative to that of uncorrelated channels, below which they are inverted. */
const CANCELLED = 0.25;
/** Relative power of the plain sum above which no channel is inverted any more. */
const RELATED = 0.5;
const FADE_SECONDS = 0.02;
/** Power (-90 dB) below which audio counts as silence. */
const LEAST_POWER = 1e-9;

export class Mixer {
  #rate;
  #count = 0;
  #signs = new Float32Array(0);
  /** Gain of each channel: its sign, or on the way there. */
  #gains = new Float32Array(0);
  /** Averaged products of each two channels, row by row. */
  #products = new Float64Array(0);
  #weight = 0;
  #begun = false;

  /** @param {number} rate of the blocks in Hz */
  constructor(rate) {
    this.#rate = rate;
  }

  /**
   * Mixes the next block: its plain mean unless channels cancel each other.
   *
   * @param {Float32Array[]} channels of the same length, at least one
   * @param {Float32Array} mono of their length, written to
   */
  mix(channels, mono) {
    this.#begin(channels.length);
    const longest = Math.round(JUDGED_SECONDS * this.#rate);
    for (let start = 0; start < mono.length; start += longest) {
      const part = channels.map((channel) => channel.subarray(start, start + longest));
      if (channels.length > 1) {
        this.#judge(part);
      }
      this.#write(part, mono.subarray(start, start + longest));
    }
  }

  /** @param {number} count */
  #begin(count) {
    if (count !== this.#count) {
      this.#count = count;
      this.#signs = new Float32Array(count).fill(1);
      this.#gains = new Float32Array(count).fill(1);
      this.#products = new Float64Array(count * count);
      this.#weight = 0;
      this.#begun = false;
    }
  }

  /** @param {Float32Array[]} part */
  #judge(part) {
    this.#hear(part);
    const power = this.#sum((row, column) => (row === column ? 1 : 0));
    if (this.#weight < NEEDED_SECONDS * this.#rate || power < LEAST_POWER * this.#weight) {
      return;
    }
    if (this.#sum(() => 1) > RELATED * power) {
      this.#signs.fill(1);
    } else if (this.#sum((row, column) => this.#signs[row] * this.#signs[column]) < CANCELLED * power) {
      this.#invert();
    }
    if (!this.#begun) {
      this.#gains.set(this.#signs);
      this.#begun = true;
    }
  }

  /** @param {Float32Array[]} part */
  #hear(part) {
    const decay = Math.exp(-part[0].length / (JUDGED_SECONDS * this.#rate));
    for (let row = 0; row < this.#count; row++) {
      for (let column = row; column < this.#count; column++) {
        let product = 0;
        for (let index = 0; index < part[row].length; index++) {
          product += part[row][index] * part[column][index];
        }
        product += decay * this.#products[row * this.#count + column];
        this.#products[row * this.#count + column] = product;
        this.#products[column * this.#count + row] = product;
      }
    }
    this.#weight = decay * this.#weight + part[0].length;
  }

  /** @param {(row: number, column: number) => number} factor */
  #sum(factor) {
    return this.#products.reduce(
      (sum, product, index) => sum + factor(Math.floor(index / this.#count), index % this.#count) * product,
      0,
    );
  }

  /** Inverts the channels that go against the strongest one. */
  #invert() {
    let strongest = 0;
    for (let channel = 1; channel < this.#count; channel++) {
      if (this.#products[channel * (this.#count + 1)] > this.#products[strongest * (this.#count + 1)]) {
        strongest = channel;
      }
    }
    for (let channel = 0; channel < this.#count; channel++) {
      this.#signs[channel] = this.#products[strongest * this.#count + channel] < 0 ? -1 : 1;
    }
  }

  /**
   * @param {Float32Array[]} part
   * @param {Float32Array} mono
   */
  #write(part, mono) {
    const step = 2 / (FADE_SECONDS * this.#rate);
    mono.fill(0);
    for (let channel = 0; channel < part.length; channel++) {
      const samples = part[channel];
      const sign = this.#signs[channel];
      let gain = this.#gains[channel];
      for (let index = 0; index < mono.length; index++) {
        if (gain !== sign) {
          gain = sign > 0 ? Math.min(gain + step, 1) : Math.max(gain - step, -1);
        }
        mono[index] += (gain * samples[index]) / part.length;
      }
      this.#gains[channel] = gain;
    }
  }
}
