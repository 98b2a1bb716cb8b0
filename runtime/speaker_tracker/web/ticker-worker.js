setInterval(() => postMessage(null), 50);
