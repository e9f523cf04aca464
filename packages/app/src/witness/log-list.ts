/**
 * The logs that a witness knows: a file with the `log <vkey> [url]` lines of C2SP
 * tlog-policy, other lines of a policy allowed, or `key` lines as in a trust file
 * (docs/spec/trust.md), which say what sizes a key may sign. Several lines of one origin
 * are several keys of it, while one follows the other. The file is read again when it
 * has changed; a bad one leaves the old list in force.
 */
import { readFile, stat } from "node:fs/promises";
import { keyTypes, parsePolicy, parseTrust, TlogError, type LogKeys } from "@countermand/tlog";
import { WitnessError } from "./error.ts";

/** By origin. */
export type KnownLogs = ReadonlyMap<string, LogKeys>;

/** Throws a `WitnessError` "list" with the line. */
export function parseLogList(bytes: Uint8Array): KnownLogs {
  const lines = Buffer.from(bytes).toString("latin1").split("\n");
  const ranged = lines.filter((line) => isKeyLine(line));
  // Blank instead of gone: an error names the line.
  const rest = Buffer.from(lines.map((line) => (isKeyLine(line) ? "" : line)).join("\n"), "latin1");
  const logs = new Map<string, LogKeys>();
  try {
    if (
      ranged.length === 0 ||
      /^[ \t]*(log|witness|group|quorum)[ \t]/m.test(rest.toString("latin1"))
    ) {
      for (const { verifier } of parsePolicy(withQuorum(rest)).logs) {
        if (verifier.type !== keyTypes.ed25519) {
          throw new WitnessError(
            "list",
            `the key of ${verifier.name} is one for cosignatures; a log's has the type 1`,
          );
        }
        const keys = logs.get(verifier.name)?.keys ?? [];
        const { name } = verifier;
        logs.set(name, { name, keys: [...keys, { verifier, from: 0, until: undefined }] });
      }
    }
    for (const origin of new Set(ranged.map(originOf))) {
      if (logs.has(origin)) {
        throw new WitnessError("list", `${origin} has lines with ranges and lines without`);
      }
      const own = ranged.filter((line) => originOf(line) === origin);
      const file = `countermand-trust v1\nlog ${origin}\n${own.map((line) => `${line}\n`).join("")}`;
      logs.set(origin, parseTrust(Buffer.from(file, "latin1")));
    }
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    throw new WitnessError("list", error.message, { cause: error });
  }
  return logs;
}

function isKeyLine(line: string): boolean {
  return line.startsWith("key ");
}

function originOf(line: string): string {
  return /^key ([^+ ]+)\+/.exec(line)?.[1] ?? "";
}

/** Who lists logs alone asks for no cosignature. */
function withQuorum(list: Buffer): Buffer {
  return /^[ \t]*quorum[ \t]/m.test(list.toString("latin1"))
    ? list
    : Buffer.concat([list, Buffer.from("\nquorum none\n")]);
}

export class LogList {
  readonly #file: string;
  readonly #report: (line: string) => void;
  #logs: KnownLogs;
  #version: string;

  private constructor(
    file: string,
    logs: KnownLogs,
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
  async current(): Promise<KnownLogs> {
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

async function readList(file: string): Promise<KnownLogs> {
  try {
    return parseLogList(await readFile(file));
  } catch (error) {
    throw new WitnessError("list", `the list of logs ${file}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
