// Checks the page's files: that browsers since Safari 15 and Chrome 95 have what they use, and the usual slips.
//   npm install --prefix tests/peers && tests/peers/node_modules/.bin/eslint -c tests/peers/eslint.config.mjs vj/web/static
import compat from "eslint-plugin-compat";
import es from "eslint-plugin-es-x";
import globals from "globals";
import packageJson from "./package.json" with {type: "json"};

// Methods that eslint-plugin-compat cannot see, since it knows globals only: not in Safari 15.0.
const NEWER = ["showModal", "randomUUID", "requestVideoFrameCallback", "requestFullscreen", "exitFullscreen",
  "getCoalescedEvents", "getPredictedEvents", "checkVisibility", "showPopover", "requestIdleCallback", "setHTML",
  "startViewTransition", "roundRect", "transferControlToOffscreen", "canShare", "at"];

export default [
  {
    files: ["**/*.js"],
    plugins: {compat, "es-x": es},
    languageOptions: {ecmaVersion: 2022, sourceType: "module", globals: globals.browser},
    settings: {browsers: packageJson.browserslist, "es-x": {aggressive: true}},
    linterOptions: {reportUnusedDisableDirectives: "error"},
    rules: {
      ...es.configs["flat/restrict-to-es2021"].rules,
      // Of ES2022, what Safari 15.0, Chrome 95 and Firefox 100 have.
      "es-x/no-class-fields": "off", "es-x/no-class-instance-fields": "off", "es-x/no-class-static-fields": "off",
      "es-x/no-class-private-fields": "off", "es-x/no-class-private-methods": "off",
      "es-x/no-private-in": "off", "es-x/no-top-level-await": "off", "es-x/no-error-cause": "off",
      "es-x/no-regexp-d-flag": "off",
      "es-x/no-regexp-lookbehind-assertions": "error",
      // Iterators' methods are called as arrays' are, and `at` is what an entry of the timeline has: see NEWER.
      ...Object.fromEntries(Object.keys(es.rules).filter((name) => name.startsWith("no-iterator-prototype-"))
        .map((name) => [`es-x/${name}`, "off"])),
      "es-x/no-array-prototype-at": "off", "es-x/no-string-prototype-at": "off",
      "compat/compat": "error",
      "no-restricted-syntax": ["error", ...NEWER.map((name) => ({
        selector: `CallExpression[optional=false][callee.optional=false][callee.property.name=${name}]`,
        message: `${name} is not in Safari 15: call it with ?.() and have another way.`,
      })), {
        selector: "MemberExpression[object.name=AbortSignal]", message: "AbortSignal has no functions of its own in Safari 15.",
      }, {
        selector: "AssignmentExpression[left.property.name=/^(inner|outer)HTML$/], CallExpression[callee.property.name=insertAdjacentHTML]",
        message: "Names in a show are text: make elements, and set textContent.",
      }],
      "no-undef": "error", "no-unused-vars": "error", "no-redeclare": "error", "no-const-assign": "error",
      "no-dupe-keys": "error", "no-dupe-class-members": "error", "no-unreachable": "error", "no-import-assign": "error",
      "no-self-assign": "error", "no-fallthrough": "error", "no-cond-assign": "error", "no-sparse-arrays": "error",
      "no-unsafe-finally": "error", "no-use-before-define": ["error", {functions: false, classes: false, variables: false}],
      "prefer-const": "error", "no-var": "error", eqeqeq: ["error", "always", {null: "ignore"}],
      "no-eval": "error", "no-implied-eval": "error", "no-new-func": "error", "no-script-url": "error",
    },
  },
];
