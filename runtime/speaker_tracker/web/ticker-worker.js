// Posts a message every 50 ms; see ticker.js.

setInterval(() => postMessage(null), 50);
