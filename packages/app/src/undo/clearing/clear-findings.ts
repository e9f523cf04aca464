/**
 * Which findings are cleared, by whom, why and until when: by a signed statement, by
 * evidence that a machine checked, by VEX, or by the context of where they are. What
 * is cleared stays in the report, apart, and does not score. The time is the
 * assessment's own, so the same files give the same answer again.
 */
import { createHash } from "node:crypto";
import { canonicalBytes, digestOf } from "@countermand/record";
import type { AdvisoryIndex } from "../advisories/advisory-index.ts";
import { fromPurl } from "../advisories/purl.ts";
import type { Finding } from "../rules/rule.ts";
import type { SignedClearing } from "./clearings.ts";
import { type Evidence, meets } from "./evidence.ts";
import { type VexDocument, VexIndex } from "./vex.ts";

export type ClearingSources = {
  readonly statements?: readonly SignedClearing[];
  readonly vex?: readonly VexDocument[];
  readonly evidence?: readonly Evidence[];
};

export type Cleared = {
  readonly fingerprint: string;
  readonly by: "statement" | "evidence" | "vex" | "context";
  /** The person and the entry, the author of a VEX document, the source of evidence. */
  readonly who: string;
  readonly why: string;
  /** RFC 3339; absent: as long as the inputs are these. */
  readonly until?: string;
};

/** What is asked beside the findings. */
export type ClearingMoment = {
  readonly asOf: string;
  /** The state gone back to, as the report names it. */
  readonly target: string;
  readonly advisories: AdvisoryIndex;
};

/** In the order of the findings; one answer for a fingerprint, the first that holds. */
export function clearFindings(
  findings: readonly Finding[],
  sources: ClearingSources,
  moment: ClearingMoment,
): Cleared[] {
  const clearer = new Clearer(sources, moment);
  const harm = findings.filter(({ direction }) => direction !== "better");
  // Findings of one rule about one subject have one fingerprint: cleared is what all of them are.
  const alike = Map.groupBy(harm, ({ fingerprint }) => fingerprint);
  const direct = new Map<string, Cleared>();
  for (const [fingerprint, group] of alike) {
    const answers = group.map((one) => clearer.of(one));
    const [first] = answers;
    if (first !== undefined && !answers.includes(undefined)) direct.set(fingerprint, first);
  }
  return [...alike].flatMap(([fingerprint, [one]]) => {
    const found = direct.get(fingerprint) ?? (one && throughCause(one, harm, direct));
    return found === undefined ? [] : [{ ...found, fingerprint }];
  });
}

/**
 * The fix of an advisory is undone, and everything of that advisory that comes back by
 * it is a package of which VEX or evidence says that it does no harm.
 */
function throughCause(
  finding: Finding,
  all: readonly Finding[],
  direct: ReadonlyMap<string, Cleared>,
): Cleared | undefined {
  if (finding.implication !== "fix.advisory-reverted") return undefined;
  const others = all.filter(
    ({ rootCause, implication }) =>
      rootCause === finding.rootCause && implication === "dep.vuln-reintroduced",
  );
  const answers = others.map(({ fingerprint }) => direct.get(fingerprint));
  const [first] = answers;
  if (first === undefined || first.by === "statement") return undefined;
  return answers.every((one) => one !== undefined && one.by !== "statement") ? first : undefined;
}

class Clearer {
  readonly #sources: ClearingSources;
  readonly #moment: ClearingMoment;
  readonly #asOf: number;
  readonly #vex: VexIndex;
  readonly #signed: ReadonlyMap<string, SignedClearing>;

  constructor(sources: ClearingSources, moment: ClearingMoment) {
    this.#sources = sources;
    this.#moment = moment;
    this.#asOf = Date.parse(moment.asOf);
    this.#vex = new VexIndex(sources.vex ?? []);
    const target = targetDigest(moment.target);
    this.#signed = new Map(
      (sources.statements ?? [])
        .filter(
          (one) =>
            this.#asOf < Date.parse(one.until) &&
            (one.scope === "service" || one.target === target),
        )
        // The newest of a ledger's statements on a finding is the one that counts.
        .toSorted((a, b) => a.entry - b.entry)
        .flatMap((one) => one.findings.map((fingerprint) => [fingerprint, one] as const)),
    );
  }

  of(finding: Finding): Cleared | undefined {
    return (
      this.#byStatement(finding) ??
      this.#byEvidence(finding) ??
      this.#byVex(finding) ??
      byContext(finding)
    );
  }

  #byStatement({ fingerprint }: Finding): Cleared | undefined {
    const one = this.#signed.get(fingerprint);
    if (one === undefined) return undefined;
    const { actor, record, entry, service, scope, ground, until } = one;
    const where = scope === "service" ? ` for the service ${service}` : "";
    return {
      fingerprint,
      by: "statement",
      who: `${actor} in ${record}, entry ${entry}`,
      why: `${ground}${where}`,
      until,
    };
  }

  #byEvidence({ fingerprint, clearBy }: Finding): Cleared | undefined {
    for (const one of this.#sources.evidence ?? []) {
      for (const condition of clearBy) {
        const why = meets(condition, one, this.#asOf, this.#moment.target);
        if (why === undefined) continue;
        const until = one.until === undefined ? {} : { until: new Date(one.until).toISOString() };
        return { fingerprint, by: "evidence", who: one.source, why, ...until };
      }
    }
    return undefined;
  }

  #byVex(finding: Finding): Cleared | undefined {
    const flaw = flawOf(finding);
    if (flaw === undefined) return undefined;
    const ids = [flaw.id, ...(this.#moment.advisories.find(flaw.id)?.advisory.aliases ?? [])];
    // Every version that comes back must be cleared; what is not known is.
    const answers = flaw.versions.map((version) =>
      this.#vex.clears(ids, flaw.package, version, this.#asOf),
    );
    const [first] = answers;
    if (first === undefined || answers.includes(undefined)) return undefined;
    const until = answers.map((one) => one?.until ?? "").sort()[0] ?? first.until;
    return {
      fingerprint: finding.fingerprint,
      by: "vex",
      who: first.author,
      why: first.why === "" ? first.status : `${first.status}: ${first.why}`,
      until,
    };
  }
}

/** Storage that may be read by all, where the data are everybody's. */
function byContext({ fingerprint, implication, context }: Finding): Cleared | undefined {
  if (implication !== "exposure.storage-public" || context?.data !== "public") return undefined;
  return { fingerprint, by: "context", who: "the context", why: "the data are public" };
}

/** As a record names a commit; other targets have names that a report does not know. */
function targetDigest(target: string): string {
  return digestOf({ type: "commit", commit: target });
}

/**
 * The advisory, the package and its versions in the state gone back to, as the rule
 * tells them: subject `ID in purl`, evidence `purl: 2.0 -> 1.0, 1.1, fixed in 2.0`.
 */
function flawOf({ implication, subject, evidence }: Finding) {
  if (implication !== "dep.vuln-reintroduced") return undefined;
  const [, id, purl] = /^(\S+) in (pkg:\S+)$/.exec(subject) ?? [];
  const named = purl === undefined ? null : fromPurl(purl);
  if (id === undefined || named === null) return undefined;
  const moved = evidence.find(({ text }) => text.startsWith(`${purl}: `))?.text ?? "";
  const [, versions] = / -> (.+?)(?:, fixed in [^,]+)?$/.exec(moved) ?? [];
  return { id, package: named, versions: versions === undefined ? [null] : versions.split(", ") };
}

/** `by statement of bo in RB-2026-1, entry 4: not-affected, until 2027-01-01T00:00:00.000Z` */
export function clearedText({ by, who, why, until }: Cleared): string {
  return `by ${by} of ${who}: ${why}${until === undefined ? "" : `, until ${until}`}`;
}

export function uncleared(
  findings: readonly Finding[],
  cleared: readonly Pick<Cleared, "fingerprint">[],
): Finding[] {
  const out = new Set(cleared.map(({ fingerprint }) => fingerprint));
  return findings.filter(({ fingerprint }) => !out.has(fingerprint));
}

/** Names all that was taken into account, `sha256:…`; undefined: nothing was given. */
export function clearingsDigest({ statements = [], vex = [], evidence = [] }: ClearingSources) {
  if (statements.length + vex.length + evidence.length === 0) return undefined;
  const digests = (all: readonly { readonly digest: string }[]) =>
    [...new Set(all.map(({ digest }) => digest))].sort();
  const given = {
    statements: [...new Set(statements.map((one) => digestOf(one)))].sort(),
    vex: digests(vex),
    evidence: digests(evidence),
  };
  return `sha256:${createHash("sha256").update(canonicalBytes(given)).digest("hex")}`;
}
