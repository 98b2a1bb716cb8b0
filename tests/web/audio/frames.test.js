import assert from "node:assert/strict";
import { test } from "node:test";

import { FrameMaker } from "../../../runtime/speaker_tracker/web/audio/frames.js";
import { amplitudeAndRest, peakOf, tone } from "../support/signals.js";

/** Frames of channels that are given in blocks of 128 samples. */
function framesOf(rate, channels) {
  const frames = [];
  const maker = new FrameMaker(rate, (samples, peak) => frames.push({ samples, peak }));
  for (let start = 0; start < channels[0].length; start += 128) {
    maker.push(channels.map((channel) => channel.subarray(start, start + 128)));
  }
  maker.flush();
  return frames;
}

test("all channels are mixed into frames of 100 ms, the last one shorter", () => {
  const frames = framesOf(48_000, [tone(48_000, 500, 0.45), tone(48_000, 1250, 0.45)]);
  const samples = frames.flatMap((frame) => [...frame.samples]);

  assert.deepEqual(frames.map((frame) => frame.samples.length), [1600, 1600, 1600, 1600, 800]);
  for (const frequency of [500, 1250]) {
    const { amplitude } = amplitudeAndRest(Float32Array.from(samples).subarray(1000, -200), frequency);
    assert.ok(Math.abs(amplitude / 32_768 - 0.25) < 0.0025);
  }
});

test("each frame has the peak of its samples", () => {
  for (const { samples, peak } of framesOf(16_000, [tone(16_000, 440, 0.3)])) {
    assert.ok(Math.abs(peakOf(samples) / 32_768 - peak) < 0.0001);
  }
});

test("what is too loud is clipped, and its peak is full scale", () => {
  const [{ samples, peak }] = framesOf(16_000, [new Float32Array(1600).fill(-1.5)]);
  assert.ok(samples.every((sample) => sample === -32_768));
  assert.equal(peak, 1);
});

test("without audio there is no frame", () => {
  const frames = [];
  new FrameMaker(48_000, (frame) => frames.push(frame)).flush();
  assert.deepEqual(frames, []);
});
