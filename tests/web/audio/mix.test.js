import assert from "node:assert/strict";
import { test } from "node:test";

import { Mixer } from "../../../runtime/speaker_tracker/web/audio/mix.js";
import { amplitudeAndRest, tone } from "../support/signals.js";

const RATE = 16_000;
const SECONDS = 2;

/**
 * What comes of channels in blocks of a size.
 *
 * @param {Float32Array[]} channels
 */
function mixed(channels, size = 128) {
  const mixer = new Mixer(RATE);
  const mono = new Float32Array(channels[0].length);
  for (let start = 0; start < mono.length; start += size) {
    mixer.mix(
      channels.map((channel) => channel.subarray(start, start + size)),
      mono.subarray(start, start + size),
    );
  }
  return mono;
}

/** @param {Float32Array} samples */
function power(samples) {
  return samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length;
}

const voice = tone(RATE, 200, SECONDS);
const other = tone(RATE, 330, SECONDS);
const inverted = voice.map((sample) => -sample);

test("channels are mixed to their mean", () => {
  const mono = new Float32Array(2).fill(9);
  new Mixer(RATE).mix([Float32Array.of(1, 0), Float32Array.of(0, -0.5)], mono);
  assert.deepEqual(mono, Float32Array.of(0.5, -0.25));
});

test("one channel stays as it is", () => {
  assert.deepEqual(mixed([other]), other);
});

test("ordinary channels are averaged, whatever the size of blocks", () => {
  for (const channels of [[voice, voice], [voice, other], [voice, new Float32Array(voice.length)], [voice, other, voice]]) {
    const mean = voice.map((_, index) => channels.reduce((sum, channel) => Math.fround(sum + channel[index] / channels.length), 0));
    for (const size of [128, 1600, voice.length]) {
      assert.deepEqual(mixed(channels, size), mean);
    }
  }
});

test("channels in opposite phase do not cancel", () => {
  for (const size of [128, 1600, voice.length]) {
    const mono = mixed([voice, inverted], size);
    assert.ok(power(mono.subarray(RATE / 2)) > 0.95 * power(voice), `blocks of ${size}`);
  }
});

test("channels that change their phase are followed without clicks", () => {
  const half = voice.length / 2;
  const changing = voice.map((sample, index) => (index < half ? sample : -sample));
  const mono = mixed([voice, changing]);

  assert.ok(power(mono.subarray(half + RATE * 0.75)) > 0.95 * power(voice));
  const steps = mono.map((sample, index) => Math.abs(sample - (mono[index - 1] ?? 0)));
  const most = voice.map((sample, index) => Math.abs(sample - (voice[index - 1] ?? 0)));
  assert.ok(Math.max(...steps) < 1.2 * Math.max(...most));
});

test("silence stays silent, and channels may come and go", () => {
  const mixer = new Mixer(RATE);
  const mono = new Float32Array(RATE);
  mixer.mix([new Float32Array(RATE), new Float32Array(RATE)], mono);
  assert.equal(power(mono), 0);
  mixer.mix([voice.subarray(0, RATE)], mono);
  assert.ok(Math.abs(amplitudeAndRest(mono, 200).amplitude - 0.5) < 0.01);
});
