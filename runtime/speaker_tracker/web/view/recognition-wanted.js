// Keeps whether remembered voices are recognized, where the user has switched it off. A browser that keeps nothing has it on.

const KEY = "speaker-tracker-recognize";

/** Whether remembered voices are to be recognized; they are unless it was switched off. */
export function isRecognitionWanted() {
  try {
    return localStorage.getItem(KEY) !== "no";
  } catch {
    return true;
  }
}

/** @param {boolean} isWanted */
export function wantRecognition(isWanted) {
  try {
    if (isWanted) {
      localStorage.removeItem(KEY);
    } else {
      localStorage.setItem(KEY, "no");
    }
  } catch {
    // Then it holds until the page is loaded anew.
  }
}
