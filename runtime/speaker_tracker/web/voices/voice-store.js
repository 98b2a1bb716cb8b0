// Keeps remembered voices in this browser: an IndexedDB of this page's origin, which no other site can read.

/** @import { RememberedVoice, VoiceChanges } from "./remembered.js" */

const DATABASE = "speaker-tracker";
const VOICES = "voices";

/** All methods throw where the browser keeps nothing for the page, or has no room left. */
export class VoiceStore {
  /** @type {Promise<IDBDatabase> | null} */
  #database = null;

  /**
   * All voices, in the order in which they were added.
   *
   * @returns {Promise<RememberedVoice[]>}
   */
  async all() {
    const transaction = (await this.#open()).transaction(VOICES);
    return answerOf(transaction.objectStore(VOICES).getAll());
  }

  /**
   * Changes what is kept, as a whole or not at all; pages in other tabs cannot come between.
   *
   * @param {(kept: RememberedVoice[]) => VoiceChanges} decide
   */
  async change(decide) {
    const transaction = (await this.#open()).transaction(VOICES, "readwrite");
    const store = transaction.objectStore(VOICES);
    const reading = store.getAll();
    reading.addEventListener("success", () => {
      const { add, remove } = decide(reading.result);
      remove.forEach((id) => store.delete(id));
      add.forEach((voice) => store.add(voice));
    });
    await endOf(transaction);
  }

  /** Forgets all voices. */
  async clear() {
    const transaction = (await this.#open()).transaction(VOICES, "readwrite");
    transaction.objectStore(VOICES).clear();
    await endOf(transaction);
  }

  /** @returns {Promise<IDBDatabase>} */
  #open() {
    this.#database ??= this.#opened();
    return this.#database;
  }

  async #opened() {
    try {
      const request = indexedDB.open(DATABASE, 1);
      request.addEventListener("upgradeneeded", () => {
        request.result.createObjectStore(VOICES, { keyPath: "id", autoIncrement: true });
      });
      const database = await answerOf(request);
      // Closed by the browser where the user clears what pages have kept, or made anew by a newer page in another tab.
      for (const event of ["close", "versionchange"]) {
        database.addEventListener(event, () => {
          database.close();
          this.#database = null;
        });
      }
      return database;
    } catch (error) {
      this.#database = null;
      throw error;
    }
  }
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answerOf(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

/**
 * @param {IDBTransaction} transaction
 * @returns {Promise<void>}
 */
function endOf(transaction) {
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    transaction.addEventListener("abort", () => reject(transaction.error ?? new Error("nothing was kept")));
  });
}
