// Asks the server, before a session is opened, what a browser is not told about a WebSocket that was refused.

import { Problem } from "../wording.js";

const PATIENCE_MS = 10_000;

/** The server's limits. Throws `Problem`: the server does not answer, or would refuse the session. */
export async function askForAdmission(token) {
  const answer = await request(token);
  if (answer.refusal?.reason === "token") {
    throw new Problem(token === "" ? "token_missing" : "token_wrong");
  }
  if (answer.refusal !== null) {
    throw new Problem(answer.refusal.reason, answer.refusal.message);
  }
  return answer.limits;
}

async function request(token) {
  const headers = token === "" ? {} : { Authorization: `Bearer ${token}` };
  try {
    const response = await fetch(new URL("../admission", import.meta.url), {
      method: "POST",
      headers,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!response.ok) {
      throw new TypeError(`status ${response.status}`);
    }
    return await response.json();
  } catch (error) {
    throw new Problem("unreachable", error.message);
  }
}
