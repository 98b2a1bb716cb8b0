import assert from "node:assert/strict";
import { test } from "node:test";

import { reportJson } from "../../../runtime/speaker_tracker/web/export/report-json.js";

test("the report has everybody by name, and what the server reported as it came", () => {
  const outline = { source: "talk.wav", startedAt: "2026-01-02T03:04:05.000Z", durationMs: 1500, numSpeakers: 2, complete: true };
  const speakers = [{ number: 1, label: "Ann", name: "Ann", voices: ["0:0"], totalMs: 1000, share: 2 / 3 }];
  const segments = [{ startMs: 0, endMs: 1000, number: 1, label: "Ann" }];
  const report = { event: "report", speakers: [{ id: 0, totalTimeMs: 1000 }], later: "key" };

  assert.deepEqual(JSON.parse(reportJson(outline, speakers, segments, [{ offsetMs: 0, processedMs: 1500, report }])), {
    ...outline,
    speakers: [{ number: 1, name: "Ann", totalTimeMs: 1000, share: 0.6667 }],
    segments: [{ startMs: 0, endMs: 1000, number: 1, name: "Ann" }],
    sessions: [{ offsetMs: 0, report }],
  });
});
