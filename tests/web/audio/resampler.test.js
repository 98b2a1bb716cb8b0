import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Resampler } from "../../../runtime/speaker_tracker/web/audio/resampler.js";
import { amplitudeAndRest, decibels, noise, peakOf, tone } from "../support/signals.js";

/** The input at 16 kHz, given in blocks of these lengths by turns. */
function resampled(rate, input, blocks = [128]) {
  const resampler = new Resampler(rate, 16_000);
  const output = [];
  for (let start = 0, turn = 0; start < input.length; turn++) {
    const block = input.subarray(start, start + blocks[turn % blocks.length]);
    const room = new Float32Array(resampler.room(block.length));
    const written = resampler.process(block, room);
    output.push(...room.subarray(0, written));
    start += block.length;
  }
  return Float32Array.from(output);
}

const settled = (samples) => samples.subarray(1000, -200);

describe("what is heard is kept, and nothing folds back", () => {
  for (const rate of [44_100, 48_000, 96_000, 32_000, 22_050]) {
    for (const frequency of [50, 440, 3000, 6900]) {
      test(`${frequency} Hz at ${rate} Hz`, () => {
        const { amplitude, rest } = amplitudeAndRest(settled(resampled(rate, tone(rate, frequency))), frequency);
        assert.ok(Math.abs(decibels(amplitude / 0.5)) < 0.05);
        assert.ok(decibels(rest / 0.5) < -70);
      });
    }
    for (const frequency of [8100, 9100, 10_700, 0.49 * rate]) {
      test(`${frequency} Hz at ${rate} Hz is not heard`, () => {
        assert.ok(decibels(peakOf(settled(resampled(rate, tone(rate, frequency)))) / 0.5) < -75);
      });
    }
  }
});

describe("the rate of a telephone's headset is raised without images", () => {
  for (const frequency of [300, 3300]) {
    test(`${frequency} Hz`, () => {
      const { amplitude, rest } = amplitudeAndRest(settled(resampled(8000, tone(8000, frequency))), frequency);
      assert.ok(Math.abs(decibels(amplitude / 0.5)) < 0.05);
      assert.ok(decibels(rest / 0.5) < -70);
    });
  }
});

describe("the output does not depend on blocks, and neither loses nor adds time", () => {
  for (const rate of [8000, 16_000, 44_100, 48_000]) {
    test(`${rate} Hz`, () => {
      const input = noise(rate / 4);
      const whole = resampled(rate, input, [input.length]);
      assert.deepEqual(resampled(rate, input, [1, 7, 128, 1000, 3]), whole);
      assert.ok(Math.abs(whole.length - 4000) <= 1);
    });
  }
});

test("audio of the right rate is left as it is", () => {
  const input = noise(1000);
  assert.deepEqual(resampled(16_000, input), input);
});
