// The timeline as a picture to keep: light, with a title, and everybody's time.

import { percent, roundClock } from "../clock.js";
import { LABEL_FONT, TITLE_FONT } from "../view/fonts.js";
import { lightTheme } from "../view/theme.js";
import { heightOf, paintTimeline } from "../view/timeline-painter.js";

/**
 * @import { Speaker } from "../model/summary.js"
 * @import { Theme } from "../view/theme.js"
 * @import { Lane, Scene } from "../view/timeline-painter.js"
 */

const SCALE = 2;
const MIN_WIDTH = 960;
const MAX_WIDTH = 4000;
const PIXELS_PER_SECOND = 8;
const MARGIN = 24;
const HEAD = 56;

/**
 * A PNG, with everybody's time and share beside their lane. Throws where the browser cannot make it.
 *
 * @param {string} title
 * @param {Scene} scene
 * @param {Speaker[]} speakers
 * @returns {Promise<Blob>}
 */
export async function picture(title, scene, speakers) {
  const theme = lightTheme();
  const shares = new Map(speakers.map(({ number, label, totalMs, share }) => [number, `${label}  ${roundClock(totalMs)}  ${percent(share)}`]));
  const lanes = scene.lanes.map((lane) => ({ ...lane, label: shares.get(lane.number) ?? lane.label }));
  const inner = Math.min(Math.max((scene.endMs / 1000) * PIXELS_PER_SECOND, MIN_WIDTH), MAX_WIDTH);
  const [width, height] = [inner, heightOf(lanes.length)];
  const canvas = document.createElement("canvas");
  canvas.width = (width + 2 * MARGIN) * SCALE;
  canvas.height = (height + HEAD + 2 * MARGIN) * SCALE;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(SCALE, SCALE);
  context.fillStyle = theme.card;
  context.fillRect(0, 0, width + 2 * MARGIN, height + HEAD + 2 * MARGIN);
  context.translate(MARGIN, MARGIN);
  paintTitle(context, title, theme);
  context.translate(0, HEAD);
  const shown = { ...scene, lanes, fromMs: 0, toMs: Math.max(scene.endMs, 1000), edgeMs: null, marks: [] };
  paintTimeline(context, shown, theme, { width, height, gutter: gutterFor(context, lanes) });
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob === null ? reject(new Error("the picture is too large")) : resolve(blob)), "image/png");
  });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} title
 * @param {Theme} theme
 */
function paintTitle(context, title, theme) {
  context.fillStyle = theme.text;
  context.font = TITLE_FONT;
  context.textBaseline = "middle";
  context.fillText(title, 0, 14);
}

/**
 * Pixels that the labels of these lanes take.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Lane[]} lanes
 */
function gutterFor(context, lanes) {
  context.font = LABEL_FONT;
  return 60 + Math.max(60, ...lanes.map((lane) => Math.ceil(context.measureText(lane.label).width)));
}
