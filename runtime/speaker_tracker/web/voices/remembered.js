// Voices that are remembered on this device: how many are kept of each person, and which of them a server is told.

import { isOf } from "./voiceprint.js";

/**
 * @import { VoiceOffer } from "../net/admission.js"
 * @import { CompletePrint } from "./voiceprint.js"
 */

/**
 * A person's voiceprint; several of the same name are of the same person.
 *
 * @typedef {object} Voice
 * @property {string} name
 * @property {CompletePrint} voiceprint
 * @property {string} added the day on which it was remembered, such as `2026-11-28`
 */

/** @typedef {Voice & {id: number}} RememberedVoice with its key in the store; later ones have higher keys */

/**
 * @typedef {object} VoiceChanges
 * @property {Voice[]} add
 * @property {number[]} remove keys in the store
 */

/** Most voiceprints that are kept of one person: different rooms and days, and no more than a session has place for. */
export const MAX_PER_NAME = 5;

/**
 * What has to be done to remember these voices: those that are there already are left out, and the oldest go where there are too
 * many of a name.
 *
 * @param {RememberedVoice[]} kept
 * @param {Voice[]} added
 * @returns {VoiceChanges}
 */
export function changesToAdd(kept, added) {
  /** @type {VoiceChanges} */
  const changes = { add: [], remove: [] };
  for (const name of new Set(added.map((voice) => voice.name))) {
    const old = kept.filter((voice) => voice.name === name);
    const vectors = new Set(old.map((voice) => voice.voiceprint.vector));
    const fresh = added.filter(({ name: whose, voiceprint: { vector } }) => {
      const isNew = whose === name && !vectors.has(vector);
      if (isNew) {
        vectors.add(vector);
      }
      return isNew;
    });
    const surplus = new Set([...newestFirst(old).reverse(), ...fresh].sort(byDay).slice(0, -MAX_PER_NAME));
    changes.add.push(...fresh.filter((voice) => !surplus.has(voice)));
    changes.remove.push(...old.filter((voice) => surplus.has(voice)).map((voice) => voice.id));
  }
  return changes;
}

/**
 * @param {RememberedVoice[]} voices
 * @returns {RememberedVoice[]}
 */
export function newestFirst(voices) {
  return voices.toSorted((a, b) => byDay(b, a) || b.id - a.id);
}

/**
 * Those that a server can compare with what it hears, the newest first.
 *
 * @param {RememberedVoice[]} voices
 * @param {VoiceOffer} offer
 */
export function usableWith(voices, offer) {
  return newestFirst(voices).filter((voice) => isOf(voice.voiceprint, offer));
}

/**
 * Different names of voices, in the order of the alphabet.
 *
 * @param {Voice[]} voices
 */
export function namesOf(voices) {
  return [...new Set(voices.map((voice) => voice.name))].sort((a, b) => a.localeCompare(b));
}

/**
 * @param {Voice} a
 * @param {Voice} b
 */
function byDay(a, b) {
  if (a.added === b.added) {
    return 0;
  }
  return a.added < b.added ? -1 : 1;
}
