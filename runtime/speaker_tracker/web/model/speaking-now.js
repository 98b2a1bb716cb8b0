// Who speaks now: the person whom the server names, and whoever speaks at the same time by the newest labels.

/**
 * @import { Interval } from "./intervals.js"
 * @import { People } from "./people.js"
 * @import { Timeline } from "./timeline.js"
 */

/** How much of the end of the labels tells of now: half the time between two messages, so that it is over soon. */
const NEWEST_MS = 250;
/** Labels that end this long before the newest audio say nothing of now. */
const STALE_MS = 2000;

/**
 * Numbers of those who speak now, in ascending order.
 *
 * @param {Timeline} timeline
 * @param {People} people
 * @param {number} number of the most prominent one
 */
export function speakingNow(timeline, people, number) {
  const { labelledMs, processedMs } = timeline;
  if (processedMs - labelledMs >= STALE_MS) {
    return [number];
  }
  const heard = people.everybody().map((person) => ({
    number: person.number,
    intervals: timeline.intervalsOfAny(person.voices, labelledMs - NEWEST_MS, labelledMs),
  }));
  const own = heard.find((person) => person.number === number)?.intervals ?? [];
  return heard.filter((other) => other.number === number || overlap(other.intervals, own)).map((person) => person.number);
}

/**
 * @param {Interval[]} some
 * @param {Interval[]} others
 */
function overlap(some, others) {
  return some.some(([start, end]) => others.some(([since, until]) => start < until && since < end));
}
