/**
 * A log's key and its file. The file holds one line in the form of x/mod
 * (`PRIVATE+KEY+name+id+base64`), is made once, and belongs to its user alone.
 * A thief of it can sign forks of the log; witnesses and clients that keep
 * checkpoints would notice. It may be sealed with a passphrase (`sealed-key.ts`).
 */
import { createPrivateKey, randomBytes, sign, type KeyObject } from "node:crypto";
import { open } from "node:fs/promises";
import {
  ed25519PublicKey,
  EMPTY_ROOT,
  emptyTree,
  encodeCompact,
  formatMlDsa44SignerKey,
  formatSignerKey,
  formatVerifierKey,
  isKeyName,
  keysOf,
  mlDsa44Cosigner,
  parseMlDsa44SignerKey,
  parseSignerKey,
  parseVerifierKey,
  TlogError,
  type LogVerifier,
  type NoteSigner,
  type NoteVerifier,
} from "@countermand/tlog";
import type { Database } from "../storage/database.ts";
import { writeDurably } from "../storage/durable-files.ts";
import { fileError } from "../storage/error.ts";
import { LedgerError } from "./error.ts";
import { isSealed, openSealed, parseSealed, seal } from "./sealed-key.ts";

/** Signs checkpoints of one log. Node's Ed25519: 51 µs a signature, deterministic. */
export interface LogSigner extends NoteSigner {
  readonly verifier: NoteVerifier;
  /** `name+id+base64`, to be published. */
  readonly vkey: string;
  /** Of a key that another process holds: signs a checkpoint that is proved to extend what it signed before. */
  readonly signGrown?: (text: Uint8Array, size: number, prove: Proving) => Promise<Uint8Array>;
}

/** The C2SP consistency proof between two sizes of the log, the smaller first. */
export type Proving = (oldSize: number, newSize: number) => Promise<readonly Uint8Array[]>;

/** PKCS #8 before the 32 bytes of an Ed25519 seed (RFC 8410 §7). */
const pkcs8 = Buffer.from("302e020100300506032b657004220420", "hex");

async function signerOf(name: string, seed: Uint8Array): Promise<LogSigner> {
  const key: KeyObject = createPrivateKey({
    key: Buffer.concat([pkcs8, seed]),
    format: "der",
    type: "pkcs8",
  });
  const line = await formatSignerKey(name, seed);
  const { verifier, keyId } = await parseSignerKey(line);
  return {
    name,
    keyId,
    verifier,
    vkey: formatVerifierKey(verifier),
    sign: (text) => new Uint8Array(sign(null, text, key)),
  };
}

/**
 * Makes a key for the log `origin` and writes it to `file`, mode 0600, durably; sealed, if
 * there is a passphrase.
 * Throws a `LedgerError` "key-file" if the file is there: a key is never overwritten.
 */
export async function createKeyFile(
  file: string,
  origin: string,
  passphrase?: Passphrase,
): Promise<LogSigner> {
  assertOrigin(origin);
  const seed = new Uint8Array(randomBytes(32));
  const signer = await signerOf(origin, seed);
  await writeKey(file, await formatSignerKey(origin, seed), signer.vkey, passphrase);
  return signer;
}

/** The same for the key of the log's second line, ML-DSA-44. Answers its verifier key. */
export async function createSecondKeyFile(
  file: string,
  origin: string,
  passphrase?: Passphrase,
): Promise<string> {
  assertOrigin(origin);
  const line = await formatMlDsa44SignerKey(origin, new Uint8Array(randomBytes(32)));
  const vkey = formatVerifierKey((await parseMlDsa44SignerKey(line)).verifier);
  await writeKey(file, line, vkey, passphrase);
  return vkey;
}

async function writeKey(
  file: string,
  plain: string,
  vkey: string,
  passphrase: Passphrase | undefined,
): Promise<void> {
  const line =
    passphrase === undefined ? plain : await seal({ vkey, line: plain }, await passphrase(file));
  try {
    await writeDurably(file, `${line}\n`, { mode: 0o600, replace: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new LedgerError(
      "key-file",
      `there is a log key at ${file} already; it is never overwritten`,
    );
  }
}

/** Asked once for each file that is sealed. */
export type Passphrase = (file: string) => Promise<string>;

/**
 * Reads what `createKeyFile` wrote, or the same under a passphrase. Refuses a file that
 * others than its owner may read or write.
 */
export async function readKeyFile(file: string, passphrase?: Passphrase): Promise<LogSigner> {
  const stored = await readKeyLine(file);
  try {
    if (isPublic(stored)) {
      throw new LedgerError(
        "key-file",
        "it is the public key alone: its key is with a signer; name its socket in COUNTERMAND_SIGNER",
      );
    }
    const { name, seed } = await parseSignerKey(await opened(stored, file, passphrase));
    const signer = await signerOf(name, seed);
    if (isSealed(stored) && parseSealed(stored).vkey !== signer.vkey) {
      throw new LedgerError("key-file", "it holds another key than it says");
    }
    return signer;
  } catch (error) {
    throw inFile(file, error);
  }
}

/** Signs a log's second line: an ML-DSA-44 cosignature (type 6) under the log's own name. */
export type SecondSigner = NoteSigner & { readonly verifier: NoteVerifier };

/** Reads what `createSecondKeyFile` wrote, or the same under a passphrase. `now`: milliseconds. */
export async function readSecondKeyFile(
  file: string,
  now: () => number,
  passphrase?: Passphrase,
): Promise<SecondSigner> {
  const stored = await readKeyLine(file);
  try {
    const { verifier, seed } = await parseMlDsa44SignerKey(await opened(stored, file, passphrase));
    return await mlDsa44Cosigner(verifier.name, seed, () => Math.floor(now() / 1000));
  } catch (error) {
    throw inFile(file, error);
  }
}

/** Whose key a file has, without its passphrase. */
export async function readPublicKey(file: string): Promise<NoteVerifier> {
  const stored = await readKeyLine(file);
  try {
    if (isSealed(stored)) return parseVerifierKey(parseSealed(stored).vkey);
    if (isPublic(stored)) return parseVerifierKey(stored);
    return await verifierOf(stored);
  } catch (error) {
    throw inFile(file, error);
  }
}

/**
 * Writes a key file again, sealed, or open where there is no `next`. The file is there as
 * it was or as it will be, whenever this is killed.
 */
export async function resealKeyFile(
  file: string,
  passphrase: Passphrase,
  next: string | undefined,
): Promise<void> {
  const stored = await readKeyLine(file);
  try {
    const line = await opened(stored, file, passphrase);
    const vkey = formatVerifierKey(await verifierOf(line));
    const text = next === undefined ? line : await seal({ vkey, line }, next);
    await writeDurably(file, `${text}\n`, { mode: 0o600, replace: true });
  } catch (error) {
    throw inFile(file, error);
  }
}

/** A key file whose key was taken away by a signer: `name+id+base64`. */
export function isPublic(line: string): boolean {
  return /^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$/.test(line);
}

/** Of a key of either line. */
async function verifierOf(line: string): Promise<NoteVerifier> {
  try {
    return (await parseSignerKey(line)).verifier;
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    return (await parseMlDsa44SignerKey(line).catch(() => Promise.reject(error))).verifier;
  }
}

function inFile(file: string, error: unknown): Error {
  if (!(error instanceof LedgerError) && !(error instanceof TlogError)) return error as Error;
  if (error.message.includes(file)) return error;
  return new LedgerError("key-file", `${file}: ${error.message}`, { cause: error });
}

async function opened(
  stored: string,
  file: string,
  passphrase: Passphrase | undefined,
): Promise<string> {
  if (!isSealed(stored)) return stored;
  const sealed = parseSealed(stored);
  if (passphrase === undefined) {
    throw new LedgerError(
      "key-file",
      "it is sealed, and no passphrase was given: COUNTERMAND_KEY_PASSPHRASE_FILE, COUNTERMAND_KEY_ASKPASS or COUNTERMAND_KEY_PASSPHRASE",
    );
  }
  return await openSealed(sealed, await passphrase(file));
}

/** The line of a key file, sealed or not. */
export async function readKeyLine(file: string): Promise<string> {
  let line: string;
  try {
    const handle = await open(file, "r");
    try {
      const { mode, size } = await handle.stat();
      if ((mode & 0o077) !== 0) {
        throw new LedgerError(
          "key-file",
          `the log key ${file} may be read or changed by others (mode ${(mode & 0o777).toString(8).padStart(4, "0")}); run chmod 600 on it`,
        );
      }
      if (size > 4_096) throw new LedgerError("key-file", `${file} is too long for a log key`);
      line = await handle.readFile("utf8");
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw fileError(error, file);
    throw new LedgerError("key-file", `there is no log key at ${file}`, { cause: error });
  }
  if (!line.endsWith("\n") || line.indexOf("\n") !== line.length - 1) {
    throw new LedgerError("key-file", `${file} is not one line with a log key`);
  }
  return line.slice(0, -1);
}

/** For tests and tools that keep the seed elsewhere. */
export async function signerFromSeed(origin: string, seed: Uint8Array): Promise<LogSigner> {
  assertOrigin(origin);
  await ed25519PublicKey(seed);
  return signerOf(origin, seed);
}

/** An origin names the log and its key: a URL without scheme and trailing slash. */
function assertOrigin(origin: string): void {
  const bytes = Buffer.byteLength(origin);
  if (!isKeyName(origin) || bytes > 255 || /^[a-z]+:\/\/|\/$/.test(origin)) {
    throw new LedgerError(
      "no-such-log",
      `${JSON.stringify(origin.slice(0, 100))} cannot be a log's origin: 1 to 255 bytes like log.example.com/prod, without spaces, plus signs, scheme and trailing slash`,
    );
  }
}

/**
 * Makes an empty log in the database and gives its number. Throws a
 * `LedgerError` "log-exists" if there is one with the signer's name.
 */
export async function createLog(
  database: Database,
  log: LogVerifier | LogSigner,
  now: Date,
): Promise<number> {
  const signer = "verifier" in log ? log.verifier : log;
  assertOrigin(signer.name);
  const createdAt = now.toISOString();
  return database.transaction(async (tx) => {
    const same = await tx
      .selectFrom("log")
      .select("log_id")
      .where("origin", "=", signer.name)
      .execute();
    if (same.length > 0) {
      throw new LedgerError("log-exists", `there is a log ${signer.name} in this database already`);
    }
    const { newest } = await tx
      .selectFrom("log")
      .select(({ fn }) => fn.max("log_id").as("newest"))
      .executeTakeFirstOrThrow();
    const logId = (newest ?? 0) + 1;
    await tx
      .insertInto("log")
      .values({
        log_id: logId,
        origin: signer.name,
        state: "active",
        reason: null,
        created_at: createdAt,
      })
      .execute();
    await tx
      .insertInto("log_key")
      .values(
        keysOf(signer).map(({ verifier, from, until }) => ({
          log_id: logId,
          vkey: formatVerifierKey(verifier),
          from_size: from,
          until_size: until ?? null,
        })),
      )
      .execute();
    await tx
      .insertInto("log_head")
      .values({
        log_id: logId,
        size: 0,
        root: EMPTY_ROOT,
        compact: encodeCompact(emptyTree),
        recorded_at: createdAt,
      })
      .execute();
    return logId;
  });
}
