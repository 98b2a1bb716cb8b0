// Hands something to the user as a file.

/** Time for which the browser may read the file. */
const KEEP_MS = 60_000;

/**
 * @param {string} name of the file
 * @param {Blob} content
 */
export function download(name, content) {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEEP_MS);
}
