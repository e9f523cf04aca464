/**
 * A witness's key and its file: one line in the form of x/mod
 * (`PRIVATE+KEY+name+id+base64`), as other witnesses keep theirs, made once and
 * belonging to its user alone. The key signs cosignatures (type 0x04) and nothing
 * else; a thief of it can vouch for forks in this witness's name.
 */
import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import {
  cosigner,
  formatSignerKey,
  formatVerifierKey,
  isKeyName,
  parseSignerKey,
  TlogError,
  type NoteSigner,
  type NoteVerifier,
} from "@countermand/tlog";
import { writeDurably } from "../storage/durable-files.ts";
import { WitnessError } from "./error.ts";

export interface WitnessKey extends NoteSigner {
  readonly verifier: NoteVerifier;
  /** `name+id+base64`, for policies of those who ask this witness. */
  readonly vkey: string;
}

/** POSIX seconds. */
export type Clock = () => number;

/** Throws a `WitnessError` "key" if the name is none, or the file is there: a key is never overwritten. */
export async function createWitnessKey(
  file: string,
  name: string,
  clock: Clock,
): Promise<WitnessKey> {
  if (!isKeyName(name) || Buffer.byteLength(name) > 255 || /^[a-z]+:\/\/|\/$/.test(name)) {
    throw new WitnessError(
      "key",
      `${JSON.stringify(name.slice(0, 100))} cannot name a witness: 1 to 255 bytes like witness.example.com, without spaces, plus signs, scheme and trailing slash`,
    );
  }
  const seed = new Uint8Array(randomBytes(32));
  const line = await formatSignerKey(name, seed);
  try {
    await writeDurably(file, `${line}\n`, { mode: 0o600, replace: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new WitnessError("key", `there is a file at ${file} already; it is never overwritten`);
  }
  return await keyOf(name, seed, clock);
}

/** Reads what `createWitnessKey` wrote. Refuses a file that others than its owner may use. */
export async function readWitnessKey(file: string, clock: Clock): Promise<WitnessKey> {
  const line = await readPrivate(file);
  if (!line.endsWith("\n") || line.indexOf("\n") !== line.length - 1) {
    throw new WitnessError("key", `${file} is not one line with a witness key`);
  }
  try {
    const { name, seed } = await parseSignerKey(line.slice(0, -1));
    return await keyOf(name, seed, clock);
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    throw new WitnessError("key", `${file}: ${error.message}`, { cause: error });
  }
}

async function readPrivate(file: string): Promise<string> {
  const handle = await open(file, "r").catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === "ENOENT" ? "there is no witness key at" : "cannot read the key";
    throw new WitnessError("key", `${problem} ${file}${code === "ENOENT" ? "" : `: ${message}`}`, {
      cause: error,
    });
  });
  try {
    const { mode, size } = await handle.stat();
    if ((mode & 0o077) !== 0) {
      throw new WitnessError(
        "key",
        `the witness key ${file} may be read or changed by others (mode ${(mode & 0o777).toString(8).padStart(4, "0")}); run chmod 600 on it`,
      );
    }
    if (size > 4_096) throw new WitnessError("key", `${file} is too long for a witness key`);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

async function keyOf(name: string, seed: Uint8Array, clock: Clock): Promise<WitnessKey> {
  const signer = await cosigner(name, seed, clock);
  return { ...signer, vkey: formatVerifierKey(signer.verifier) };
}
