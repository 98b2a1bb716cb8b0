// Keeps the server's token for this tab. A browser that keeps nothing for pages keeps no token either.

const KEY = "speaker-tracker-token";

/** The token entered last, empty where there is none. */
export function rememberedToken() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} token */
export function rememberToken(token) {
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // Then it has to be entered again.
  }
}
