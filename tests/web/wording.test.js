import assert from "node:assert/strict";
import { test } from "node:test";

import { asProblem, Problem } from "../../runtime/speaker_tracker/web/wording.js";

test("a problem is told with what was said about it", () => {
  assert.equal(new Problem("file_empty", "talk.wav").words[0], "talk.wav is empty");
});

test("a code of a newer server is told in the server's words, or by itself", () => {
  assert.deepEqual(new Problem("of_tomorrow", "It is late.").words, ["The server has ended the session", "It is late."]);
  assert.equal(new Problem("of_tomorrow").words[1], "of_tomorrow");
});

test("what is thrown by chance is a problem of the page", () => {
  const problem = new Problem("lost");
  assert.equal(asProblem(problem), problem);
  assert.equal(asProblem(new RangeError("far")).code, "page_failed");
  assert.match(asProblem("far").words[1], /\(far\)$/);
});
