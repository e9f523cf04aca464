/**
 * A policy's folder: `*.cedar`, `schema.cedarschema`, `settings.json`. Read with
 * every bound before a byte is kept, and no symbolic link followed: a folder may
 * come from a pull request.
 */
import { constants } from "node:fs";
import { mkdir, open, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  policy,
  quote,
  RecordError,
  tooDeepAt,
  type JsonValue,
  type Policy,
} from "@countermand/record";
import { badName, formatBundle, type PolicyFiles } from "./bundle.ts";
import { refuse } from "./error.ts";
import { casesName, fileName, limits, maxCasesBytes, schemaName, settingsName } from "./limits.ts";
import { defaultFolder } from "./schema.ts";

export interface PolicyFolder {
  readonly settings: Policy;
  readonly files: PolicyFiles;
  /** The artefact: what `files` are under one digest. */
  readonly bundle: Uint8Array<ArrayBuffer>;
}

/** Throws a `PolicyError` for what is no policy's folder; errors of the file system as they are. */
export async function readFolder(folder: string): Promise<PolicyFolder> {
  const names: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const { name } = entry;
    if (name !== schemaName && name !== settingsName && !name.endsWith(".cedar")) continue;
    if (!entry.isFile()) throw refuse(quote(name), "not a regular file; a policy follows no links");
    if (name.endsWith(".cedar") && !fileName.test(name)) throw badName(name);
    names.push(name);
    if (names.length > limits.files + 2) {
      throw refuse("the folder", `more than ${limits.files} files of rules`);
    }
  }
  if (!names.includes(settingsName)) {
    throw refuse(settingsName, "missing; `countermand policy default` writes a folder with it");
  }
  const files = new Map<string, string>();
  for (const name of names.sort()) {
    if (name !== settingsName) files.set(name, await readText(folder, name));
  }
  const settings = parseSettings(await readText(folder, settingsName));
  return { settings, files, bundle: formatBundle(files) };
}

/** The cases of the default policy. */
export async function readDefaultCases(): Promise<string> {
  return readText(fileURLToPath(defaultFolder), casesName, maxCasesBytes);
}

/** The policy that comes with Countermand. */
export async function readDefault(): Promise<PolicyFolder> {
  return readFolder(fileURLToPath(defaultFolder));
}

/** Writes a folder that `readFolder` reads as this, and `others` beside. Throws EEXIST where one holds anything. */
export async function writeFolder(
  folder: string,
  { settings, files }: Pick<PolicyFolder, "settings" | "files">,
  others: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw Object.assign(new Error(`${folder} is not empty`), { code: "EEXIST" });
  }
  const settingsText = `${JSON.stringify(settings, undefined, 2)}\n`;
  for (const [name, text] of [...files, ...others, [settingsName, settingsText] as const]) {
    await writeFile(join(folder, name), text, { flag: "wx" });
  }
}

/** Strict: what the ledger would refuse is refused here. */
export function parseSettings(text: string): Policy {
  const deep = tooDeepAt(new TextEncoder().encode(text), 8);
  if (deep !== null) throw refuse(settingsName, "nested deeper than 8 levels");
  try {
    return policy(JSON.parse(text) as JsonValue);
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse(settingsName, `not JSON: ${error.message}`);
    if (error instanceof RecordError) throw refuse(settingsName, error.message);
    throw error;
  }
}

/** A regular file of at most `maxBytes`, UTF-8, no link followed. Throws ENOENT where it is not there. */
export async function readText(
  folder: string,
  name: string,
  maxBytes: number = limits.fileBytes,
): Promise<string> {
  // O_NOFOLLOW: between the listing and this a link may have taken the file's place.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(join(folder, name), flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ELOOP") throw refuse(name, "a symbolic link; a policy follows no links");
    throw error;
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw refuse(name, "not a regular file");
    const buffer = new Uint8Array(maxBytes + 1);
    let size = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, size, buffer.length - size);
      size += bytesRead;
      if (bytesRead === 0 || size === buffer.length) break;
    }
    if (size > maxBytes) {
      throw refuse(name, `${found.size} bytes; at most ${maxBytes}`);
    }
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      buffer.subarray(0, size),
    );
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw refuse(name, "not UTF-8");
  } finally {
    await file.close();
  }
}
