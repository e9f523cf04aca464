/**
 * A policy's rules as one artefact: canonical JSON of its files, named by
 * SHA-256. The same files give the same bytes, so two administrators can compare
 * a digest. The schema is in it, so that the artefact can be judged by any Cedar;
 * the settings are not: the statement that proposes a policy says them itself.
 *
 *     parseBundle(formatBundle(f)) equals f
 *     formatBundle(parseBundle(b)) equals b
 */
import { createHash } from "node:crypto";
import { canonicalBytes, parseCanonical, quote, RecordError } from "@countermand/record";
import { refuse } from "./error.ts";
import { fileName, limits, schemaName } from "./limits.ts";
import { schemas } from "./schema.ts";

/** Text by file name, sorted: the rules' files and the schema. */
export type PolicyFiles = ReadonlyMap<string, string>;

const format = "countermand-policy-1";
/** What a problem of the artefact itself is about. */
const artefact = "the policy's artefact";

/** Throws a `PolicyError` for files that are no policy's. */
export function formatBundle(files: PolicyFiles): Uint8Array<ArrayBuffer> {
  checkFiles(files);
  const bytes = canonicalBytes({ files: Object.fromEntries(files), format });
  if (bytes.length > limits.bundleBytes) throw tooLarge(bytes.length);
  return bytes;
}

/** Strict inverse; the bytes are hostile. Says nothing of what the files contain. */
export function parseBundle(bytes: Uint8Array): PolicyFiles {
  if (bytes.length > limits.bundleBytes) throw tooLarge(bytes.length);
  let value;
  try {
    value = parseCanonical(bytes, { maxBytes: limits.bundleBytes, maxDepth: 4 });
  } catch (cause) {
    if (!(cause instanceof RecordError)) throw cause;
    throw refuse(artefact, cause.message);
  }
  if (typeof value !== "object" || Array.isArray(value)) throw notOurs();
  const { files, format: found, ...others } = value as Record<string, unknown>;
  if (found !== format || Object.keys(others).length > 0) throw notOurs();
  if (typeof files !== "object" || files === null || Array.isArray(files)) throw notOurs();
  const entries = Object.entries(files as Record<string, unknown>);
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === "string")) {
    throw notOurs();
  }
  const parsed = new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  checkFiles(parsed);
  return parsed;
}

/** SHA-256 of an artefact, in hex: the name under which a ledger knows the rules. */
export function bundleDigest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function checkFiles(files: PolicyFiles): void {
  const schema = files.get(schemaName);
  if (schema === undefined) {
    throw refuse(schemaName, "missing; `countermand policy default` writes a folder with it");
  }
  if (!schemas.has(schema)) {
    throw refuse(
      schemaName,
      "another text than the schema of this version; it is not edited, take it from `countermand policy default`",
    );
  }
  if (files.size < 2) throw refuse(artefact, "no rules: a policy has at least one file *.cedar");
  if (files.size > limits.files + 1) {
    throw refuse(artefact, `${files.size - 1} files of rules; at most ${limits.files}`);
  }
  for (const [name, text] of files) {
    if (name === schemaName) continue;
    if (!fileName.test(name)) throw badName(name);
    const size = Buffer.byteLength(text);
    if (size > limits.fileBytes) {
      throw refuse(name, `${size} bytes; a file of rules has at most ${limits.fileBytes}`);
    }
  }
}

export function badName(name: string): Error {
  return refuse(
    quote(name),
    "a file of rules has a name of lower-case letters, digits and '-' that ends in .cedar",
  );
}

function notOurs(): Error {
  return refuse(artefact, `not one: expected {"files": {name: text}, "format": "${format}"}`);
}

function tooLarge(size: number): Error {
  return refuse(artefact, `${size} bytes; at most ${limits.bundleBytes}`);
}
