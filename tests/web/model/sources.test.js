import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { FileSource } from "../../../runtime/speaker_tracker/web/model/file-source.js";
import { MicrophoneSource } from "../../../runtime/speaker_tracker/web/model/microphone-source.js";

/** A device that gives a last frame when it is let go. */
class Device {
  enabled = false;
  onFrame = () => {};

  async finish() {
    this.onFrame(new Int16Array(800), 0.5);
  }
}

describe("a microphone", () => {
  test("is heard while it runs, and also where there is no connection", () => {
    const [device, peaks] = [new Device(), []];
    const source = new MicrophoneSource(device, (peak) => peaks.push(peak), () => 0);
    for (const [step, peak] of [["wait", 0.1], ["pause", 0.2], ["run", 0.3]]) {
      source[step]();
      device.onFrame(new Int16Array(1600), peak);
    }
    assert.deepEqual(peaks, [0.1, 0.3]);
    assert.equal(source.positionMs(), 200);
  });

  test("is off while it is paused", () => {
    const device = new Device();
    const source = new MicrophoneSource(device, () => {});
    source.run();
    assert.ok(device.enabled);
    source.pause();
    assert.ok(!device.enabled);
  });

  test("counts its pauses, each from when it was first pressed", () => {
    const device = new Device();
    let now = 1000;
    const source = new MicrophoneSource(device, () => {}, () => now);
    source.run();
    device.onFrame(new Int16Array(1600), 0);
    for (const at of [2000, 5000, 9000]) {
      now = at;
      source.pause();
    }
    assert.equal(source.positionMs(), 100);
    source.run();
    device.onFrame(new Int16Array(1600), 0);
    assert.equal(source.positionMs(), 7200);
    source.outbox.next();
    assert.deepEqual(source.outbox.next(), { gapMs: 7000 });
  });

  test("gives its last frame when it ends", async () => {
    const source = new MicrophoneSource(new Device(), () => {});
    source.run();
    await source.finish();
    assert.equal(source.positionMs(), 50);
    assert.ok(!source.outbox.isOver);
    source.outbox.next();
    assert.ok(source.outbox.isOver);
  });

  test("is stuck after a hundred ticks without a frame, unless it is paused", () => {
    const device = new Device();
    const source = new MicrophoneSource(device, () => {});
    const ticks = () => {
      let count = 1;
      while (count < 1000 && !source.isStuckAtTick()) {
        count++;
      }
      return count;
    };
    source.run();
    assert.equal(ticks(), 101);
    device.onFrame(new Int16Array(1600), 0);
    assert.equal(ticks(), 101);
    source.pause();
    assert.equal(ticks(), 1000);
  });
});

/** What a playback is told. */
class Playback {
  told = [];
  load = (samples) => this.told.push(["load", samples.length]);
  play = (ms) => this.told.push(["play", ms]);
  pause = () => this.told.push(["pause"]);
  close = () => this.told.push(["close"]);
}

describe("a file", () => {
  test("is heard from where it goes on", async () => {
    const playback = new Playback();
    const source = new FileSource("talk.wav", new Int16Array(3200), false, playback);
    source.run();
    source.outbox.next();
    source.wait();
    source.run();
    await source.finish();
    await source.finish();
    assert.deepEqual(playback.told, [["load", 3200], ["play", 0], ["pause"], ["play", 100], ["pause"], ["close"]]);
  });

  test("has come as far as it was given out, or as the server has processed it where it is not paced", () => {
    const [paced, fast] = [true, false].map((isPaced) => new FileSource("talk.wav", new Int16Array(3200), isPaced, null));
    fast.run();
    fast.outbox.next();
    assert.deepEqual([paced.positionMs(50), fast.positionMs(50), fast.durationMs, fast.isStuckAtTick()], [0, 50, 200, false]);
  });
});
