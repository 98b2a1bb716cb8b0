// Reads a sound file into memory as the server needs it.

import { SAMPLE_RATE } from "../net/protocol.js";
import { Problem } from "../wording.js";
import { Mixer } from "./mix.js";
import { toInt16 } from "./pcm.js";

/** Largest file: browsers unpack it into several times its size. */
const MAX_BYTES = 1 << 30;

/**
 * The file's sound at 16 kHz, mono. Throws `Problem`.
 *
 * @param {File} file
 */
export async function readSoundFile(file) {
  if (file.size === 0) {
    throw new Problem("file_empty", file.name);
  }
  if (file.size > MAX_BYTES) {
    throw new Problem("file_too_large", file.name);
  }
  const sound = await decode(file);
  const mono = new Float32Array(sound.length);
  new Mixer(SAMPLE_RATE).mix(channelsOf(sound), mono);
  const samples = new Int16Array(mono.length);
  for (let index = 0; index < mono.length; index++) {
    samples[index] = toInt16(mono[index]);
  }
  return samples;
}

/** @param {File} file */
async function decode(file) {
  try {
    // A context of this rate resamples what it decodes.
    return await new OfflineAudioContext(1, 1, SAMPLE_RATE).decodeAudioData(await file.arrayBuffer());
  } catch {
    throw new Problem("file_unreadable", file.name);
  }
}

/** @param {AudioBuffer} sound */
function channelsOf(sound) {
  return Array.from({ length: sound.numberOfChannels }, (_, index) => sound.getChannelData(index));
}
