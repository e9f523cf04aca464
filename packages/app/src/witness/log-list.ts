/**
 * The logs that a witness knows: a file with the `log <vkey> [url]` lines of C2SP
 * tlog-policy, other lines of a policy allowed. Several lines of one origin are
 * several keys of it, while one follows the other. The file is read again when it
 * has changed; a bad one leaves the old list in force.
 */
import { readFile, stat } from "node:fs/promises";
import { keyTypes, parsePolicy, TlogError, type NoteVerifier } from "@countermand/tlog";
import { WitnessError } from "./error.ts";

export type LogKeys = ReadonlyMap<string, readonly NoteVerifier[]>;

/** Throws a `WitnessError` "list" with the line. */
export function parseLogList(bytes: Uint8Array): LogKeys {
  const text = Buffer.from(bytes);
  // Who lists logs alone asks for no cosignature.
  const whole = /^[ \t]*quorum[ \t]/m.test(text.toString("latin1"))
    ? bytes
    : Buffer.concat([text, Buffer.from("\nquorum none\n")]);
  const logs = new Map<string, NoteVerifier[]>();
  try {
    for (const { verifier } of parsePolicy(whole).logs) {
      if (verifier.type !== keyTypes.ed25519) {
        throw new WitnessError(
          "list",
          `the key of ${verifier.name} is one for cosignatures; a log's has the type 1`,
        );
      }
      logs.set(verifier.name, [...(logs.get(verifier.name) ?? []), verifier]);
    }
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    throw new WitnessError("list", error.message, { cause: error });
  }
  return logs;
}

export class LogList {
  readonly #file: string;
  readonly #report: (line: string) => void;
  #logs: LogKeys;
  #version: string;

  private constructor(
    file: string,
    logs: LogKeys,
    version: string,
    report: (line: string) => void,
  ) {
    this.#file = file;
    this.#logs = logs;
    this.#version = version;
    this.#report = report;
  }

  /** Throws a `WitnessError` "list" if the file cannot be read or is bad. */
  static async open(file: string, report: (line: string) => void): Promise<LogList> {
    const version = await versionOf(file).catch(() => "");
    return new LogList(file, await readList(file), version, report);
  }

  /** The list as it is in the file now, or was when it was last good. */
  async current(): Promise<LogKeys> {
    const version = await versionOf(this.#file).catch(() => "gone");
    if (version === this.#version) return this.#logs;
    this.#version = version;
    try {
      this.#logs = await readList(this.#file);
      this.#report(`the list of logs was read again: ${this.#logs.size} logs`);
    } catch (error) {
      this.#report(`${(error as Error).message}; the list as it was before stays in force`);
    }
    return this.#logs;
  }
}

async function versionOf(file: string): Promise<string> {
  const { mtimeNs, size, ino } = await stat(file, { bigint: true });
  return `${mtimeNs} ${size} ${ino}`;
}

async function readList(file: string): Promise<LogKeys> {
  try {
    return parseLogList(await readFile(file));
  } catch (error) {
    throw new WitnessError("list", `the list of logs ${file}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
