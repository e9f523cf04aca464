/**
 * C2SP tlog-policy (draft on main): which logs, which witnesses, and how many of
 * them must have signed. One file, a rule a line:
 *
 *     log <vkey> [url]
 *     witness <name> <vkey> [url]
 *     group <name> all|any|<k> <member>…
 *     quorum <name>|none
 *
 * `#` begins a comment line; spaces and tabs separate. Members are defined before
 * their group and are in one group at most; exactly one quorum. A public key that
 * stands twice is refused, also under another name: counting it twice would let one
 * witness be two.
 */
import { decodeUtf8, encodeBase64, quote } from "./bytes.ts";
import { TlogError } from "./error.ts";
import { isCosignatureKey, type NoteVerifier, parseVerifierKey } from "./note-key.ts";

export interface PolicyWitness {
  readonly name: string;
  readonly verifier: NoteVerifier;
  /** Where `add-checkpoint` is asked for, without it at the end. */
  readonly url?: string;
}

export interface PolicyGroup {
  readonly name: string;
  /** How many members are needed. */
  readonly threshold: number;
  readonly members: readonly string[];
}

export interface Policy {
  readonly logs: readonly { readonly verifier: NoteVerifier; readonly url?: string }[];
  readonly witnesses: readonly PolicyWitness[];
  readonly groups: readonly PolicyGroup[];
  /** A witness, a group, or null: no cosignature is needed. */
  readonly quorum: string | null;
}

const maxBytes = 256 * 1024;
const maxLines = 4096;

/** Throws a `TlogError` "policy" with the line. */
export function parsePolicy(bytes: Uint8Array): Policy {
  if (bytes.length > maxBytes) {
    throw new TlogError("policy", `found ${bytes.length} bytes; at most ${maxBytes}`);
  }
  const lines = decodeUtf8(bytes, "policy").split("\n");
  if (lines.length > maxLines) {
    throw new TlogError("policy", `found ${lines.length} lines; at most ${maxLines}`);
  }
  const reader = new Reader();
  for (const [i, line] of lines.entries()) reader.line(line, `line ${i + 1}`);
  return reader.finish(`line ${lines.length}`);
}

class Reader {
  readonly #logs: Policy["logs"][number][] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #groups: PolicyGroup[] = [];
  #quorum: string | null | undefined;
  readonly #keys = new Set<string>();
  /** Names of witnesses and groups; true once one is a member of a group. */
  readonly #names = new Map<string, boolean>();

  line(line: string, where: string): void {
    const refuse = (problem: string) => new TlogError("policy", problem, where);
    if (/[^\t\x20-\x7e]/.test(line)) throw refuse("a policy is printable ASCII");
    const [kind = "", ...words] = line.split(/[ \t]+/).filter((word) => word !== "");
    if (kind === "" || kind.startsWith("#")) return;
    switch (kind) {
      case "log": {
        const [vkey, url] = this.#between(words, 1, 2, "log <vkey> [url]", where);
        this.#logs.push({ verifier: this.#key(vkey ?? "", where), ...(url && { url }) });
        return;
      }
      case "witness": {
        const form = "witness <name> <vkey> [url]";
        const [name = "", vkey, url] = this.#between(words, 2, 3, form, where);
        this.#define(name, where);
        this.#witnesses.push({ name, verifier: this.#key(vkey ?? "", where), ...(url && { url }) });
        return;
      }
      case "group":
        this.#group(words, where);
        return;
      case "quorum": {
        const [name = ""] = this.#between(words, 1, 1, "quorum <name>|none", where);
        if (this.#quorum !== undefined) throw refuse("there is one quorum, and it was given");
        if (name !== "none" && !this.#names.has(name)) {
          throw refuse(`${quote(name)} is no witness or group that was defined above`);
        }
        this.#quorum = name === "none" ? null : name;
        return;
      }
      default:
        throw refuse(`${quote(kind)} is no rule; there are log, witness, group and quorum`);
    }
  }

  finish(where: string): Policy {
    const refuse = (problem: string) => new TlogError("policy", problem, where);
    if (this.#quorum === undefined) throw refuse("there is no quorum line");
    if (this.#logs.length === 0) throw refuse("there is no log line");
    return {
      logs: this.#logs,
      witnesses: this.#witnesses,
      groups: this.#groups,
      quorum: this.#quorum,
    };
  }

  #group(words: readonly string[], where: string): void {
    const refuse = (problem: string) => new TlogError("policy", problem, where);
    const form = "group <name> all|any|<k> <member>…";
    const [name = "", needed = "", ...members] = this.#between(words, 3, maxLines, form, where);
    const threshold =
      needed === "all"
        ? members.length
        : needed === "any"
          ? 1
          : /^[1-9][0-9]{0,4}$/.test(needed)
            ? Number(needed)
            : 0;
    if (threshold < 1 || threshold > members.length) {
      throw refuse(`${quote(needed)} of ${members.length} members is not possible`);
    }
    for (const member of members) {
      const used = this.#names.get(member);
      if (used === undefined) throw refuse(`${quote(member)} was not defined above`);
      if (used) throw refuse(`${quote(member)} is in a group already`);
      this.#names.set(member, true);
    }
    this.#define(name, where);
    this.#groups.push({ name, threshold, members });
  }

  #define(name: string, where: string): void {
    if (name === "none" || this.#names.has(name)) {
      throw new TlogError("policy", `the name ${quote(name)} is taken`, where);
    }
    this.#names.set(name, false);
  }

  #key(vkey: string, where: string): NoteVerifier {
    let verifier: NoteVerifier;
    try {
      verifier = parseVerifierKey(vkey);
    } catch (error) {
      if (!(error instanceof TlogError)) throw error;
      throw new TlogError("policy", error.message, where, { cause: error });
    }
    const key = encodeBase64(verifier.publicKey);
    if (this.#keys.has(key)) throw new TlogError("policy", "this public key stands above", where);
    this.#keys.add(key);
    return verifier;
  }

  #between(
    words: readonly string[],
    least: number,
    most: number,
    form: string,
    where: string,
  ): readonly string[] {
    if (words.length >= least && words.length <= most) return words;
    throw new TlogError("policy", `a line of this kind is: ${form}`, where);
  }
}

/** Whether the witnesses that signed (by the bytes of their keys) are a quorum. */
export function isQuorum(policy: Policy, signed: readonly NoteVerifier[]): boolean {
  if (policy.quorum === null) return true;
  const keys = new Set(
    signed.filter(isCosignatureKey).map(({ publicKey }) => encodeBase64(publicKey)),
  );
  // Groups stand below their members, so one pass settles all.
  const met = new Map(
    policy.witnesses.map(({ name, verifier }) => [
      name,
      keys.has(encodeBase64(verifier.publicKey)),
    ]),
  );
  for (const { name, threshold, members } of policy.groups) {
    met.set(name, members.filter((member) => met.get(member) === true).length >= threshold);
  }
  return met.get(policy.quorum) === true;
}
