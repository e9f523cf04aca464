/** The languages whose source is read, by the endings of their files, and how each writes blocks and comments. */

export type Language = {
  readonly name: "javascript" | "python" | "ruby" | "go" | "java" | "csharp" | "php" | "rust";
  readonly blocks: "braces" | "indentation" | "end";
  readonly lineComments: readonly string[];
  readonly blockComments: boolean;
  /** Quoted text may hold line breaks. */
  readonly longStrings: boolean;
};

const slashes = { blocks: "braces", lineComments: ["//"], blockComments: true } as const;
const hash = { lineComments: ["#"], blockComments: false } as const;

const javascript: Language = { name: "javascript", ...slashes, longStrings: false };
const java: Language = { name: "java", ...slashes, longStrings: false };

const byEnding = new Map<string, Language>([
  ...["js", "jsx", "cjs", "mjs", "ts", "tsx", "cts", "mts", "vue", "svelte"].map(
    (ending) => [ending, javascript] as const,
  ),
  ["py", { name: "python", blocks: "indentation", ...hash, longStrings: false }],
  ["rb", { name: "ruby", blocks: "end", ...hash, longStrings: true }],
  ["rake", { name: "ruby", blocks: "end", ...hash, longStrings: true }],
  ["go", { name: "go", ...slashes, longStrings: false }],
  ["java", java],
  ["kt", java],
  ["scala", java],
  ["cs", { name: "csharp", ...slashes, longStrings: false }],
  ["php", { name: "php", ...slashes, lineComments: ["//", "#"], longStrings: true }],
  ["rs", { name: "rust", ...slashes, longStrings: true }],
]);

/** Null where the file is no source that is read; minified and generated files by name are none. */
export function languageOf(path: string): Language | null {
  if (/\.(?:min|bundle|generated)\.[a-z]{1,4}$|\.pb\.go$|_pb2\.py$|\.d\.ts$/.test(path))
    return null;
  const ending = /\.([a-z]{1,6})$/.exec(path)?.[1] ?? "";
  return byEnding.get(ending) ?? null;
}
