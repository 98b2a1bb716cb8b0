// node check.js FILE: prints what AsyncAPI's parser finds wrong with FILE, as a JSON list.

const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

// An advice, which says that there is a later version of AsyncAPI.
const ruleset = { rules: { "asyncapi-latest-version": "off" } };

new Parser({ ruleset }).parse(readFileSync(process.argv[2], "utf8")).then(({ diagnostics }) => {
  console.log(JSON.stringify(diagnostics.map(({ code, path, message }) => `${path.join("/")}: ${message} (${code})`)));
});
