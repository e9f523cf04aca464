/**
 * The operator's policy: which witnesses are asked, and how many of them must have
 * signed before a checkpoint is shown. C2SP tlog-policy, with our log in it and an
 * address for every witness. It is the only place that addresses come from. The
 * file is read again when it has changed; a bad one leaves the old policy in force.
 */
import { readFile, stat } from "node:fs/promises";
import {
  formatVerifierKey,
  keysOf,
  isCosignatureKey,
  parsePolicy,
  type LogVerifier,
  type NoteVerifier,
  type Policy,
} from "@countermand/tlog";
import { LedgerError, messageOf } from "../error.ts";

/** One address, and the keys that may answer there: several while one follows another. */
export interface WitnessAddress {
  readonly name: string;
  /** Ends with `/add-checkpoint`. */
  readonly url: string;
  readonly verifiers: readonly NoteVerifier[];
}

export interface WitnessPolicy {
  readonly policy: Policy;
  readonly witnesses: readonly WitnessAddress[];
}

/** Throws a `LedgerError` "witness-policy" with what is wrong and where. */
export function parseWitnessPolicy(bytes: Uint8Array, log: LogVerifier): WitnessPolicy {
  const refuse = (problem: string, cause?: unknown) =>
    new LedgerError("witness-policy", problem, { cause });
  let policy: Policy;
  try {
    policy = parsePolicy(bytes);
  } catch (error) {
    throw refuse(messageOf(error), error);
  }
  const ours = keysOf(log).map(({ verifier }) => formatVerifierKey(verifier));
  if (!policy.logs.some(({ verifier }) => ours.includes(formatVerifierKey(verifier)))) {
    throw refuse(`there is no line for this log: log ${ours.at(-1)}`);
  }
  const addresses = new Map<string, WitnessAddress>();
  for (const { name, verifier, url } of policy.witnesses) {
    if (!isCosignatureKey(verifier)) {
      throw refuse(`the key of the witness ${name} is none for cosignatures (type 4 or 6)`);
    }
    if (url === undefined) throw refuse(`the witness ${name} has no address after its key`);
    const address = addressOf(name, url);
    const known = addresses.get(address);
    addresses.set(address, {
      name: known?.name ?? name,
      url: address,
      verifiers: [...(known?.verifiers ?? []), verifier],
    });
  }
  return { policy, witnesses: [...addresses.values()] };
}

function addressOf(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    [url.username, url.password, url.search, url.hash].every((part) => part === "");
  if (!plain) {
    throw new LedgerError(
      "witness-policy",
      `the address of the witness ${name} is no https:// or http:// address without user, query and fragment`,
    );
  }
  return `${url.href.replace(/\/$/, "")}/add-checkpoint`;
}

export class PolicyFile {
  readonly #file: string;
  readonly #log: LogVerifier;
  readonly #report: (line: string) => void;
  #policy: WitnessPolicy;
  #version: string;

  private constructor(
    file: string,
    log: LogVerifier,
    report: (line: string) => void,
    policy: WitnessPolicy,
    version: string,
  ) {
    this.#file = file;
    this.#log = log;
    this.#report = report;
    this.#policy = policy;
    this.#version = version;
  }

  /** Throws a `LedgerError` "witness-policy". */
  static async open(
    file: string,
    log: LogVerifier,
    report: (line: string) => void,
  ): Promise<PolicyFile> {
    const version = await versionOf(file).catch(() => "");
    return new PolicyFile(file, log, report, await read(file, log), version);
  }

  /** The policy as it is in the file now, or was when it was last good. */
  async current(): Promise<WitnessPolicy> {
    const version = await versionOf(this.#file).catch(() => "gone");
    if (version === this.#version) return this.#policy;
    this.#version = version;
    try {
      this.#policy = await read(this.#file, this.#log);
      this.#report("the policy of witnesses was read again");
    } catch (error) {
      this.#report(`${messageOf(error)}; the policy as it was before stays in force`);
    }
    return this.#policy;
  }
}

async function versionOf(file: string): Promise<string> {
  const { mtimeNs, size, ino } = await stat(file, { bigint: true });
  return `${mtimeNs} ${size} ${ino}`;
}

async function read(file: string, log: LogVerifier): Promise<WitnessPolicy> {
  try {
    return parseWitnessPolicy(await readFile(file), log);
  } catch (error) {
    throw new LedgerError("witness-policy", `the witness policy ${file}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
