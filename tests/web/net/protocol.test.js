import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { parseMessage, resumeCommand, startCommand, stopCommand } from "../../../runtime/speaker_tracker/web/net/protocol.js";

const PRINT = { model: "ecapa-mini", version: 1, vector: "ADw=", seconds: 6 };

test("commands are those of the protocol", () => {
  const start = { action: "start", num_speakers: 3, timeline: true, others: true, hints: true, resumable: true };
  assert.deepEqual(JSON.parse(startCommand(3)), start);
  assert.deepEqual(JSON.parse(resumeCommand("k2nq0v")), { action: "resume", session: "k2nq0v" });
  assert.deepEqual(JSON.parse(stopCommand()), { action: "stop" });
});

test("voiceprints are asked for where the server makes them, and voices are told where there are any", () => {
  const known = [{ name: "Anna", voiceprint: PRINT }];
  const [none, some] = [[], known].map((voices) => JSON.parse(startCommand(3, voices)));
  assert.deepEqual([none.voiceprints, none.known_voices], [true, undefined]);
  assert.deepEqual([some.voiceprints, some.known_voices], [true, known]);
});

const SEGMENT = { startMs: 0, endMs: 100, speakerId: 0 };

describe("a message of the protocol is taken as it is", () => {
  for (const message of [
    { event: "started", num_speakers: 2 },
    { event: "started", num_speakers: 2, session: "k2nq0v" },
    { event: "resumed", num_speakers: 2, audioMs: 12_000 },
    { event: "speaker", currentSpeakerId: null, speakingTimeMs: {} },
    { event: "speaker", currentSpeakerId: 0, speakingTimeMs: {}, ackMs: 12_000 },
    { event: "timeline", audioMs: 100, segments: [SEGMENT, { ...SEGMENT, speakerId: null }] },
    { event: "speaker", currentSpeakerId: 0, speakingTimeMs: {}, currentName: "Anna" },
    { event: "timeline", audioMs: 100, segments: [{ ...SEGMENT, name: "Anna" }] },
    { event: "voiceprints", speakers: [{ id: 0, voiceprint: PRINT }] },
    { event: "report", speakers: [{ id: 0, totalTimeMs: 100, name: "Anna", voiceprint: PRINT }] },
    { event: "hint", code: "stereo", message: "two channels" },
    { event: "report", speakers: [] },
    { event: "report", speakers: [], segments: [SEGMENT] },
    { event: "error", code: "of_tomorrow" },
    { event: "speaker", currentSpeakerId: 1, speakingTimeMs: { 1: 5 }, later: "key" },
  ]) {
    test(JSON.stringify(message), () => assert.deepEqual(parseMessage(JSON.stringify(message)), message));
  }
});

describe("an event of a newer server is passed over", () => {
  for (const text of ['{"event": "of_tomorrow"}', '{"event": "toString"}', '{"event": 1}', "{}", "null", "1"]) {
    test(text, () => assert.equal(parseMessage(text), null));
  }
});

describe("what is not the protocol is refused", () => {
  for (const message of [
    { event: "started" },
    { event: "started", num_speakers: 1.5 },
    { event: "started", num_speakers: 2, session: 5 },
    { event: "resumed", num_speakers: 2 },
    { event: "speaker", currentSpeakerId: 0, ackMs: "12000" },
    { event: "speaker", currentSpeakerId: "0" },
    { event: "timeline", segments: [] },
    { event: "timeline", audioMs: 100, segments: [{ ...SEGMENT, endMs: -1 }] },
    { event: "timeline", audioMs: 100, segments: [{ startMs: 0, endMs: 100 }] },
    { event: "timeline", audioMs: 100, segments: [{ ...SEGMENT, name: 5 }] },
    { event: "speaker", currentSpeakerId: 0, currentName: null },
    { event: "voiceprints", speakers: [{ id: 0 }] },
    { event: "voiceprints", speakers: [{ id: 0, voiceprint: { ...PRINT, vector: 5 } }] },
    { event: "report", speakers: [{ id: 0, totalTimeMs: 100, voiceprint: "ADw=" }] },
    { event: "hint", code: "stereo" },
    { event: "report", speakers: {} },
    { event: "report", speakers: [], segments: 1 },
    { event: "error" },
  ]) {
    test(JSON.stringify(message), () => assert.throws(() => parseMessage(JSON.stringify(message)), TypeError));
  }
  test("no JSON", () => assert.throws(() => parseMessage("hello"), SyntaxError));
});
