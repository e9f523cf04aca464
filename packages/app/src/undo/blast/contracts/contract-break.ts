/**
 * What an interface promised in the state left and does not promise in the state
 * gone back to. Whoever was built against the newer contract is who breaks, so
 * `before` is what they rely on and `after` what they will meet.
 */
import { compareText } from "../../rules/order.ts";
import type { Location } from "../../rules/rule.ts";

export type ContractFormat = "graphql" | "json-schema" | "openapi" | "protobuf";

/**
 * `security`: a protection that the contract states is gone. `breaking`: a correct
 * use of the newer contract fails. `risky`: it goes on, but may mean something else.
 */
export type Gravity = "security" | "breaking" | "risky";

export type ContractBreak = {
  readonly format: ContractFormat;
  /** `format.what-happened`; listed in docs/design/blast-radius.md. */
  readonly code: string;
  /** The thing in the contract, stable over runs: an operation, a field, a type. */
  readonly subject: string;
  /** One sentence; names of the contract in it are text of the repository. */
  readonly text: string;
  /** Consumers call or read, producers write or send. */
  readonly breaks: "consumers" | "producers";
  readonly gravity: Gravity;
  readonly location: Location;
};

/** Of one comparison; a document that differs everywhere is not listed line by line. */
export const mostBreaks = 2000;

/** Collects breaks of one format. `from` and `to` are the files that are compared. */
export class Breaks {
  readonly found: ContractBreak[] = [];
  readonly #format: ContractFormat;
  readonly #from: string;
  readonly #to: string | null;
  #cut = false;

  /** `to` null: the contract is gone, so that every place is in `from`. */
  constructor(format: ContractFormat, from: string, to: string | null) {
    this.#format = format;
    this.#from = from;
    this.#to = to;
  }

  /** Says that not everything was compared. */
  cut(): void {
    if (this.#cut) return;
    this.#cut = true;
    const path = this.#to ?? this.#from;
    this.found.push({
      format: this.#format,
      code: `${this.#format}.not-all-compared`,
      subject: path,
      text: "the contract differs in more places than are compared",
      breaks: "consumers",
      gravity: "risky",
      location: { side: this.#to === null ? "before" : "after", path, startLine: 1, endLine: 1 },
    });
  }

  add(
    what: readonly [code: string, gravity: Gravity, breaks?: "consumers" | "producers"],
    subject: string,
    text: string,
    lines: { readonly before?: number | undefined; readonly after?: number | undefined },
  ): void {
    if (this.found.length >= mostBreaks) {
      this.cut();
      return;
    }
    const [code, gravity, breaks = "consumers"] = what;
    const line = (this.#to === null ? undefined : lines.after) ?? lines.before ?? 1;
    const after = this.#to !== null && lines.after !== undefined;
    const location: Location = {
      side: after ? "after" : "before",
      path: after && this.#to !== null ? this.#to : this.#from,
      startLine: line,
      endLine: line,
    };
    this.found.push({
      format: this.#format,
      code: `${this.#format}.${code}`,
      // Escapes in YAML and JSON can hold half a character, which no hashed text may.
      subject: subject.toWellFormed(),
      text: text.toWellFormed(),
      breaks,
      gravity,
      location,
    });
  }
}

const gravities: readonly Gravity[] = ["security", "breaking", "risky"];

/** The gravest first, then by place; each once. */
export function sortBreaks(breaks: readonly ContractBreak[]): ContractBreak[] {
  const seen = new Set<string>();
  return breaks
    .toSorted(
      (a, b) =>
        gravities.indexOf(a.gravity) - gravities.indexOf(b.gravity) ||
        compareText(a.location.path, b.location.path) ||
        a.location.startLine - b.location.startLine ||
        compareText(a.code, b.code) ||
        compareText(a.subject, b.subject),
    )
    .filter((one) => {
      const key = JSON.stringify([one.code, one.subject, one.location]);
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}
