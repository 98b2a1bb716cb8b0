import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { MAX_NAME_LENGTH, readVoices, writeVoices } from "../../../runtime/speaker_tracker/web/voices/voice-file.js";
import { print, remembered } from "../support/prints.js";

const MODEL = { model: "ecapa-mini", version: 1 };
const TODAY = "2026-11-29";
const HEAD = { format: "speaker-tracker voices", version: 1, model: "ecapa-mini", model_version: 1 };
const ANNA = { name: "Anna", voiceprint: print(0.5, 0.25), added: "2026-11-28" };

/** What is told of a file with this content. */
function complaint(content) {
  try {
    readVoices(typeof content === "string" ? content : JSON.stringify(content), TODAY);
  } catch (error) {
    assert.equal(error.code, "voices_file");
    return error.words[1];
  }
  return assert.fail("it was read");
}

test("a file has the format of the command line, and nothing of the store", () => {
  const text = writeVoices(MODEL, [remembered(7, ANNA.name, ANNA.voiceprint, ANNA.added)]);
  assert.deepEqual(JSON.parse(text), { ...HEAD, voices: [ANNA] });
  assert.ok(text.endsWith("}\n"));
});

test("what was written is read", () => {
  const ben = { name: "Ben Ö. 本", voiceprint: print(-0.5, 0.25), added: "2026-02-28" };
  assert.deepEqual(readVoices(writeVoices(MODEL, [ANNA, ben]), TODAY), [ANNA, ben]);
  assert.deepEqual(readVoices(writeVoices(MODEL, []), TODAY), []);
});

test("what a file does not say is filled in, and what it says besides is passed over", () => {
  const { model, vector, seconds } = ANNA.voiceprint;
  const file = { ...HEAD, later: 1, voices: [{ name: " Anna ", voiceprint: { model, vector, seconds, later: 1 }, later: 1 }] };
  assert.deepEqual(readVoices(JSON.stringify(file), TODAY), [{ ...ANNA, added: TODAY }]);
});

describe("what is wrong with a file is told", () => {
  const of = (...voices) => ({ ...HEAD, voices });
  for (const [content, words] of [
    ["RIFF", "It is not JSON. Choose a file"],
    ["[]", "no JSON object"],
    [{ speakers: [] }, "its format is “speaker-tracker voices”"],
    [{ ...HEAD, version: 2, voices: [] }, "version 2 of the format, and this page reads version 1"],
    [{ ...HEAD, model: undefined, voices: [] }, "which voice model"],
    [HEAD, "no list of voices"],
    [of(ANNA, null), "Voice 2 is no JSON object"],
    [of({ ...ANNA, name: " " }), "Voice 1 has no name"],
    [of({ ...ANNA, name: "x".repeat(MAX_NAME_LENGTH + 1) }), "has 101 characters; at most 100"],
    [of({ ...ANNA, name: "An\nna" }), "control characters"],
    [of({ ...ANNA, voiceprint: { ...ANNA.voiceprint, vector: "no" } }), "Voice 1 \\(Anna\\) has a voiceprint whose vector is not base64\\."],
    [
      of({ ...ANNA, voiceprint: { ...ANNA.voiceprint, model: "campplus" } }),
      "Voice 1 \\(Anna\\) is of the voice model campplus, version 1, but the file is of ecapa-mini, version 1",
    ],
    [of(ANNA, { ...ANNA, voiceprint: { ...ANNA.voiceprint, vector: "ADgAOAA4" } }), "Voice 2 \\(Anna\\) has a voiceprint of another length"],
    [of({ ...ANNA, added: "2026-02-30" }), 'added on "2026-02-30", which is no day such as'],
    [of({ ...ANNA, added: 5 }), "added on 5"],
  ]) {
    test(words, () => assert.match(complaint(content), new RegExp(words)));
  }
});
