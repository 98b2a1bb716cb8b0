// Rules for the page's JavaScript and its tests; run from the root of the repository by `make lint`.

import js from "@eslint/js";
import globals from "globals";

const PAGE = "runtime/speaker_tracker/web";
const WORKER = `${PAGE}/**/*-worker.js`;
const WORKLET = `${PAGE}/**/*-worklet.js`;

export default [
  {
    files: ["**/*.js"],
    ...js.configs.recommended,
    linterOptions: { reportUnusedDisableDirectives: "error" },
  },
  {
    files: ["**/*.js"],
    rules: {
      "array-callback-return": "error",
      "arrow-body-style": "error",
      "consistent-return": "error",
      curly: "error",
      "default-case-last": "error",
      eqeqeq: "error",
      "func-style": ["error", "declaration", { allowArrowFunctions: true }],
      "logical-assignment-operators": "error",
      "max-len": ["error", { code: 132, ignoreStrings: true, ignoreTemplateLiterals: true }],
      "no-console": ["error", { allow: ["error"] }],
      "no-else-return": "error",
      "no-implicit-coercion": "error",
      "no-param-reassign": "error",
      "no-promise-executor-return": ["error", { allowVoid: true }],
      "no-shadow": "error",
      "no-throw-literal": "error",
      "no-unneeded-ternary": "error",
      "no-unused-expressions": "error",
      "no-use-before-define": ["error", { functions: false, classes: false }],
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-arrow-callback": "error",
      "prefer-const": "error",
      "prefer-object-has-own": "error",
      "prefer-template": "error",
      "sort-imports": ["error", { ignoreCase: true, ignoreDeclarationSort: true }],
    },
  },
  { files: [`${PAGE}/**`], ignores: [WORKER, WORKLET], languageOptions: { globals: globals.browser } },
  { files: [WORKER], languageOptions: { globals: globals.worker, sourceType: "script" } },
  { files: [WORKLET], languageOptions: { globals: globals.audioWorklet } },
  { files: ["tests/**"], languageOptions: { globals: globals.nodeBuiltin } },
];
