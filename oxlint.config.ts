import { defineConfig } from "oxlint";

/**
 * Which folder of the app may import which. The linter holds the code to it, so
 * the picture in docs/design/architecture.md cannot drift from the imports.
 */
const features = [
  "policy",
  "undo",
  "evidence",
  "ledger",
  "lineage",
  "identity",
  "rollbacks",
  "witness",
  "notify",
];
const mayImport: Record<string, readonly string[]> = {
  config: [],
  storage: ["config"],
  policy: [],
  undo: [],
  ledger: ["storage"],
  evidence: ["storage"],
  identity: ["storage", "ledger"],
  lineage: ["storage", "ledger"],
  witness: ["storage"],
  notify: ["storage"],
  rollbacks: ["storage", "policy", "undo", "evidence", "ledger", "lineage", "identity", "notify"],
  watch: ["storage", ...features],
  reports: ["storage", ...features],
  connectors: ["lineage"],
  http: ["config", ...features, "watch", "reports"],
  cli: ["config", ...features, "watch", "reports", "http"],
  main: ["config", "storage", ...features, "watch", "reports", "connectors", "http", "cli"],
};
const folders = Object.keys(mayImport);

const noNode = {
  regex: "^node:|^(fs|path|crypto|os|child_process|buffer)$",
  message: "tlog and record run in a browser too: no Node imports.",
};
const noSources = {
  regex: "^(\\.\\./)+(tlog|record|app|console)/",
  message: "Import another package by its name, never by a path into it.",
};

function onlyFrom(allowed: readonly string[]) {
  return {
    regex: `^(?!\\.{1,2}/)(?!(${allowed.join("|")})(/|$)).+`,
    message: `This package may import only ${allowed.join(", ") || "its own files"}.`,
  };
}

/** What a folder of the app must not import: every folder that it is not given. */
function layer(folder: string): readonly Pattern[] {
  const forbidden = folders.filter(
    (other) => other !== folder && !mayImport[folder]?.includes(other),
  );
  if (forbidden.length === 0) return [];
  const allowed = mayImport[folder]?.join(", ");
  return [
    {
      regex: `^(\\.\\./)+(${forbidden.join("|")})/`,
      message: `app/src/${folder} may import only: ${allowed === "" ? "nothing beside the packages" : allowed}.`,
    },
  ];
}

type Pattern = { readonly regex: string; readonly message: string };

/** The import rule of one place, tests aside. */
function imports(files: string, patterns: readonly Pattern[]) {
  const rule: ["error", { patterns: Pattern[] }] = [
    "error",
    { patterns: [noSources, ...patterns] },
  ];
  return { files: [files], excludeFiles: tests, rules: { "no-restricted-imports": rule } };
}

const tests = ["**/*.test.ts", "**/testing/**", "test/**", "bench/**", "eval/**"];

export default defineConfig({
  plugins: ["typescript", "import", "unicorn", "oxc", "promise", "node"],
  categories: { correctness: "error", suspicious: "error" },
  rules: {
    "import/no-cycle": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/no-explicit-any": "error",
    "typescript/switch-exhaustiveness-check": "error",
    "typescript/consistent-type-imports": "error",
    "import/no-default-export": "error",
    "unicorn/no-process-exit": "error",
    "no-console": "error",
    "no-restricted-imports": ["error", { patterns: [noSources] }],
    // Control characters are what the terminal and record sanitisers look for.
    "no-control-regex": "off",
    // Sequential awaits are the meaning of a commit path and of a stream.
    "no-await-in-loop": "off",
    // Shadowing a DOM global that this code never sees is not a defect.
    "no-shadow": "off",
    "unicorn/consistent-function-scoping": "off",
    "import/no-unassigned-import": "off",
    "unicorn/no-array-sort": "off",
    "unicorn/no-array-reverse": "off",
    "typescript/no-unsafe-type-assertion": "off",
    // The compiler's noImplicitReturns knows that a switch is exhaustive; this rule does not.
    "typescript/consistent-return": "off",
    "consistent-return": "off",
  },
  overrides: [
    imports("packages/tlog/src/**", [noNode, onlyFrom(["@noble/hashes"])]),
    imports("packages/record/src/**", [noNode, onlyFrom(["@noble/hashes", "@countermand/tlog"])]),
    imports("packages/console/src/**", [
      noNode,
      onlyFrom(["@countermand/record", "@countermand/tlog"]),
    ]),
    ...folders.map((folder) => imports(`packages/app/src/${folder}/**`, layer(folder))),
    { files: ["*.config.ts"], rules: { "import/no-default-export": "off" } },
    {
      files: ["packages/app/src/cli/**", "packages/app/src/main/**", "bench/**", "eval/**"],
      rules: { "no-console": "off" },
    },
  ],
});
