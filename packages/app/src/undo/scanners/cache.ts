/**
 * What a scanner found on a tree, kept by everything that decides it: tree, tool,
 * version, how it is started, configuration, data. The state gone back to was
 * often scanned when it was deployed.
 *
 * The folder is trusted: whoever can write it can make findings vanish. It is
 * the caller's, private to the service; no secret and no text of the repository
 * but paths is in it. A file that does not say exactly what was asked is no hit.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readPlainFile } from "./identity.ts";

/** Raised whenever the same SARIF may give another value. */
const format = 1;

const whole = z.int().min(0);
const scanned = z.strictObject({
  drivers: z.array(z.string()),
  rules: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      security: z.int().min(0).max(100).optional(),
      cwe: z.array(whole),
      url: z.string().optional(),
    }),
  ),
  results: z.array(
    z.strictObject({
      rule: z.string(),
      path: z.string(),
      startLine: whole,
      endLine: whole,
      level: z.enum(["none", "note", "warning", "error"]),
      identity: z.string(),
      certain: z.boolean(),
      anchor: z.string(),
      above: z.string(),
      below: z.string(),
    }),
  ),
  outside: whole,
  errors: whole,
  /** What of the tree was not shown to the tool. */
  notShown: z.array(z.string()),
  missed: z.array(z.string()),
});
const entry = z.strictObject({ key: z.string(), value: scanned });

export type Scanned = z.infer<typeof scanned>;

export type CacheKey = {
  readonly tree: string;
  readonly tool: string;
  readonly version: string;
  /** Digests, see plugin.ts. */
  readonly command: string;
  readonly config: string;
  readonly data: string;
};

const largestEntry = 128 * 1024 * 1024;

/** Null: not there, or not to be used. */
export async function readCached(folder: string, key: CacheKey): Promise<Scanned | null> {
  const name = nameOf(key);
  const text = await readPlainFile(join(folder, `${name}.json`), largestEntry);
  if (text === null) return null;
  try {
    const read = entry.safeParse(JSON.parse(text));
    return read.success && read.data.key === name ? read.data.value : null;
  } catch {
    return null;
  }
}

/** Whole or not at all: written beside, then renamed. A folder that cannot be written is no error. */
export async function writeCached(folder: string, key: CacheKey, value: Scanned): Promise<void> {
  const name = nameOf(key);
  const beside = join(folder, `${name}.${randomUUID()}.part`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(beside, JSON.stringify({ key: name, value }), { flag: "wx", mode: 0o600 });
    await rename(beside, join(folder, `${name}.json`));
  } catch {
    await rm(beside, { force: true }).catch(() => {});
  }
}

function nameOf({ tree, tool, version, command, config, data }: CacheKey): string {
  return createHash("sha256")
    .update(JSON.stringify([format, tree, tool, version, command, config, data]))
    .digest("hex");
}
