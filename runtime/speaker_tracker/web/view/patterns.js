// Patterns that tell people apart where colours do not.

/** Pixels of a tile. */
const TILE = 8;

/** @type {Map<string, OffscreenCanvas>} */
const tiles = new Map();

/**
 * A pattern of lines or dots, null for the plain one.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} colour
 * @param {number} kind 0 for the plain one, 1 to 4
 */
export function hatching(context, colour, kind) {
  if (kind === 0) {
    return null;
  }
  const key = `${colour} ${kind}`;
  let tile = tiles.get(key);
  if (tile === undefined) {
    tile = tileOf(colour, kind);
    tiles.set(key, tile);
  }
  return context.createPattern(tile, "repeat");
}

/**
 * @param {string} colour
 * @param {number} kind
 */
function tileOf(colour, kind) {
  const tile = new OffscreenCanvas(TILE, TILE);
  const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (tile.getContext("2d"));
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = 1.5;
  pen.beginPath();
  if (kind === 1 || kind === 4) {
    for (const shift of [-TILE, 0, TILE]) {
      pen.moveTo(shift - 1, kind === 1 ? TILE + 1 : -1);
      pen.lineTo(shift + TILE + 1, kind === 1 ? -1 : TILE + 1);
    }
  } else if (kind === 2) {
    pen.arc(TILE / 2, TILE / 2, 1.75, 0, 2 * Math.PI);
    pen.fill();
  } else {
    pen.moveTo(TILE / 2, 0);
    pen.lineTo(TILE / 2, TILE);
  }
  pen.stroke();
  return tile;
}
