/**
 * What a policy would have made of a ledger's past: every record is replayed
 * entry by entry, and each thing that somebody said is judged again with the
 * facts of its moment. What people would have done under other rules nobody can
 * know; so the history stays, and what would have been refused or missing is said.
 *
 * `blocked`: a rule forbids something that was done, or nothing permits it.
 * `delayed`: it would have needed more, or been late. `allowed`: neither.
 */
import { leafHash } from "@countermand/tlog";
import {
  applyEntry,
  classifyRequest,
  emptyWorld,
  encodeHex,
  obligationsOf,
  openEnvelope,
  parseEntry,
  policyActionOf,
  policyRequest,
  quorumOf,
  signalFacts,
  readArchive,
  registryStream,
  signingKey,
  type Classification,
  type Entry,
  type Obligations,
  type Policy,
  type RecordState,
  type Registry,
  type SignedStatement,
} from "@countermand/record";
import type { LoadedPolicy } from "./judge.ts";

export type Outcome = "allowed" | "delayed" | "blocked";

export interface Simulated {
  /** A record's number, or a commit. */
  readonly id: string;
  readonly outcome: Outcome;
  readonly classes: readonly string[];
  /** Persons who would have had to agree; 0 in the lane for clean reverts and in an emergency. */
  readonly approvals: number;
  /** What would have been refused, and what would have been missing: a sentence each. */
  readonly blocked: readonly string[];
  readonly delayed: readonly string[];
}

export interface Proposed {
  readonly settings: Policy;
  /** Without rules the settings are the whole policy. */
  readonly rules?: Pick<LoadedPolicy, "permits" | "classify" | "obliges">;
}

/** An exported package is at most this large here: a record without artefacts. */
const packageLimits = { maxBytes: 268_435_456, maxFiles: 400_000 };

/** One record, from its package: entries of the record and of the registry, in order. */
export async function simulateRecord(bytes: Uint8Array, policy: Proposed): Promise<Simulated> {
  const entries = readArchive(bytes, packageLimits)
    .map((file) => ({ index: /^entries\/(\d+)\.json$/.exec(file.path)?.[1], bytes: file.bytes }))
    .filter((file) => file.index !== undefined)
    .map((file) => ({ index: Number(file.index), bytes: file.bytes }))
    .sort((a, b) => a.index - b.index);
  const world = emptyWorld("unchecked");
  let again: Again | undefined;
  for (const { index, bytes: leaf } of entries) {
    const entry = parseEntry(leaf);
    const before = world.records.get(entry.stream);
    const key = signingKey(world.registry, entry, before);
    const statement = await openEnvelope(entry.envelope, key);
    const hash = encodeHex(leafHash(leaf));
    applyEntry(world, entry, statement, { index, leafHash: hash });
    const after = world.records.get(entry.stream);
    if (entry.stream === registryStream || after === undefined) continue;
    const { registry } = world;
    if (registry === undefined) throw new TypeError("a record is of an open ledger");
    again ??= new Again(entry.stream, policy);
    again.step({ entry, statement, index, hash, before, after, registry });
  }
  if (again === undefined) throw new TypeError("a package has a record's entries");
  return again.result();
}

interface Step {
  readonly entry: Entry;
  readonly statement: SignedStatement;
  readonly index: number;
  readonly hash: string;
  readonly before: RecordState | undefined;
  readonly after: RecordState;
  readonly registry: Registry;
}

type Said = Parameters<typeof policyRequest>[3];

/** One record under another policy. */
class Again {
  readonly #id: string;
  readonly #policy: Proposed;
  readonly #blocked = new Set<string>();
  readonly #delayed = new Set<string>();
  #classified: Classification | undefined;
  /** The version that was classified last. */
  #version: string | undefined;
  #requestedAt = "";
  #authorisedAt: string | undefined;

  constructor(id: string, policy: Proposed) {
    this.#id = id;
    this.#policy = policy;
  }

  step(step: Step): void {
    const { entry, statement, before, after } = step;
    if (statement.type.opens === true) this.#proposed(after, entry.recordedAt);
    this.#judge(step);
    // In the past as it was, a class or a grant is what the entry before this one led to.
    if (statement.type.name === "authorised" && before !== undefined)
      this.#authorised(step, before);
    if (statement.type.name === "execution-started") this.#started(entry.recordedAt);
    this.#classify(after, step.registry, entry.recordedAt);
  }

  result(): Simulated {
    const blocked = [...this.#blocked];
    const delayed = [...this.#delayed];
    return {
      id: this.#id,
      outcome: blocked.length > 0 ? "blocked" : delayed.length > 0 ? "delayed" : "allowed",
      classes: this.#classified?.classes ?? [],
      approvals: isFast(this.#classified) ? 0 : (this.#classified?.obligations.approvals ?? 0),
      blocked,
      delayed,
    };
  }

  #proposed({ proposal }: RecordState, recordedAt: string): void {
    const { settings } = this.#policy;
    this.#requestedAt = recordedAt;
    this.#authorisedAt = undefined;
    if (!settings.reasons.includes(proposal.reason)) {
      this.#blocked.add(`${proposal.reason} is no reason of this policy`);
    }
    if (proposal.expiresAt === undefined) return;
    const days = daysBetween(recordedAt, proposal.expiresAt);
    if (days > settings.temporaryDays) {
      this.#delayed.add(
        `it was proposed for ${Math.ceil(days)} days; the policy's settings let it stay ${settings.temporaryDays}`,
      );
    }
  }

  #judge({ entry, statement, index, hash, before, after, registry }: Step): void {
    const { rules } = this.#policy;
    const { type, body, head } = statement;
    const action = policyActionOf(type.name, body, before === undefined);
    if (rules === undefined || action === undefined) return;
    const { recordedAt, stream } = entry;
    if (action === "signal") {
      this.#signalled(after, registry, recordedAt);
      return;
    }
    const said: Said = {
      index,
      leafHash: hash,
      recordedAt,
      stream,
      payloadDigest: statement.payloadDigest,
      type: type.name,
      head,
      body,
      subjects: statement.subjects,
      ...(statement.userVerified === undefined ? {} : { userVerified: statement.userVerified }),
      ...(statement.signedWith === undefined ? {} : { signedWith: statement.signedWith }),
    };
    const about = type.name === "proposed" || before === undefined ? after : before;
    const { allowed, reason } = rules.permits(
      policyRequest(action, about, registry, said, entry.context),
    );
    if (!allowed) this.#blocked.add(`${head.actor} could not ${action}: ${reason}`);
  }

  /** A record that a signal opened: whether this policy would have, and by when. */
  #signalled(after: RecordState, registry: Registry, now: string): void {
    const { signal, obligation } = after.proposal;
    const asked = this.#policy.rules?.obliges(classifyRequest(after, registry, now, "signal"));
    if (asked === undefined || signal === undefined || obligation === undefined) return;
    if (asked.rules.length === 0) {
      this.#blocked.add(`the signal ${signal.id} would not have made it mandatory`);
      return;
    }
    const hours = hoursBetween(now, obligation.deadline);
    if (asked.minutes !== Math.round(hours * 60)) {
      this.#delayed.add(
        `the signal ${signal.id} would have made it mandatory within ${asked.minutes} min; it was ${Math.round(hours * 60)} min`,
      );
    }
  }

  #classify(after: RecordState, registry: Registry, now: string): void {
    const { rules, settings } = this.#policy;
    const emergency = after.proposal.mode === "emergency";
    const ready = after.status === "pending_approval" || (after.status === "proposed" && emergency);
    if (!ready || this.#version === after.hash) return;
    this.#version = after.hash;
    const least = obligationsOf(settings, emergency);
    this.#classified =
      rules === undefined
        ? { classes: [], rules: [], obligations: least }
        : rules.classify(classifyRequest(after, registry, now), least);
  }

  #authorised({ entry, registry }: Step, before: RecordState): void {
    const { obligations } = this.#classified ?? {};
    const now = entry.recordedAt;
    this.#authorisedAt = now;
    if (obligations === undefined || before.proposal.mode === "emergency") return;
    const hours = hoursBetween(this.#requestedAt, now);
    if (hours > obligations.requestHours) {
      this.#delayed.add(
        `the request would have expired after ${obligations.requestHours} h; it took ${Math.ceil(hours)} h`,
      );
    }
    if (isFast(this.#classified)) return;
    for (const missing of quorumOf(
      { ...before, obligations: atLeastOne(obligations) },
      registry,
      now,
    ).missing) {
      this.#delayed.add(`it lacked ${missing}`);
    }
    const lacking = obligations.evidence.filter(
      (kind) => !before.evidence.some((item) => item.kind === kind),
    );
    if (lacking.length > 0) this.#delayed.add(`it lacked evidence: ${lacking.join(", ")}`);
  }

  #started(now: string): void {
    const window = this.#classified?.obligations.windowMinutes;
    if (window === undefined || this.#authorisedAt === undefined) return;
    const minutes = hoursBetween(this.#authorisedAt, now) * 60;
    if (minutes > window) {
      this.#delayed.add(
        `it was executed ${Math.ceil(minutes)} min after its authorisation; the window would have been ${window} min`,
      );
    }
  }
}

/** One line of `audit --json` as a policy would have met it. */
export interface AuditedAs {
  readonly service: string;
  readonly environment: string;
  /** That the targets ran there before: a history of commits alone does not know. */
  readonly ranBefore: boolean;
}

const severities = ["none", "low", "medium", "high", "critical"] as const;

/**
 * A reversal of an audited history. Throws a `SyntaxError` where the line is
 * none; what it does not know, a reader of the format ignores.
 */
export function simulateReversal(line: string, policy: Proposed, as: AuditedAs): Simulated {
  const reversal = parseReversal(line);
  const { rules, settings } = policy;
  const worse = reversal.implications.filter((item) => item.direction === "worse");
  const gravest = Math.max(
    0,
    ...worse.map((item) => Math.max(1, severities.indexOf(item.severity as "low"))),
  );
  const open = (severity: string) => worse.filter((item) => item.severity === severity).length;
  const known = reversal.unknowns === 0;
  const resource = {
    service: as.service,
    environment: as.environment,
    kind: "revert",
    status: "pending_approval",
    reason: settings.reasons[0] ?? "availability",
    emergency: false,
    exercise: false,
    temporary: false,
    obliged: false,
    ...signalFacts(undefined),
    assessed: true,
    risk: -1,
    // What is not known is not small: with unknowns and nothing grave the level is unknown.
    level: gravest > 0 || known ? (severities[gravest] ?? "unknown") : "unknown",
    coverage: known ? 100 : 50,
    implications: [...new Set(worse.map((item) => item.id))].sort(),
    // An audit clears nothing.
    openCritical: open("critical"),
    openHigh: open("high"),
    openMedium: open("medium"),
    openLow: open("low"),
    humanClearedCritical: 0,
    humanClearedHigh: 0,
    humanClearedMedium: 0,
    humanClearedLow: 0,
    machineClearedCritical: 0,
    machineClearedHigh: 0,
    machineClearedMedium: 0,
    machineClearedLow: 0,
    clearedBy: [],
    clearingsExpired: 0,
    clearingGrounds: [],
    unknowns: reversal.unknowns,
    unknownAuthors: 0,
    commits: reversal.matches.length,
    files: 0,
    evidence: [],
    inverse: reversal.matches.length > 0 && reversal.matches.every((match) => match === "exact"),
    ranBefore: as.ranBefore,
    approvals: 0,
    renewals: 0,
  } as const;
  const least = obligationsOf(settings, false);
  const classified = rules?.classify(
    {
      action: "classify",
      principal: {
        id: "system",
        kind: "system",
        permissions: [],
        roles: [],
        assurance: "none",
        key: "system",
        userVerified: false,
        keyAgeMinutes: 0,
      },
      resource,
      context: { ...moment(reversal.committedAt), overdueOfActor: 0, overdueOfService: 0 },
    },
    least,
  );
  const { approvals, evidence, roles } = atLeastOne(classified?.obligations ?? least);
  const fast =
    isFast(classified) && resource.inverse && resource.ranBefore && known && worse.length === 0;
  const people = approvals === 1 ? "1 approval" : `${approvals} approvals`;
  const delayed = fast
    ? []
    : [
        `it would have needed ${[people, ...roles.map((seat) => `${seat.count} of ${seat.role}`)].join(", ")}`,
        ...(evidence.length === 0 ? [] : [`and evidence: ${evidence.join(", ")}`]),
      ];
  return {
    id: reversal.commit,
    outcome: fast ? "allowed" : "delayed",
    classes: classified?.classes ?? [],
    approvals: fast ? 0 : approvals,
    blocked: [],
    delayed,
  };
}

interface Reversal {
  readonly commit: string;
  readonly committedAt: string;
  readonly matches: readonly string[];
  readonly implications: readonly {
    readonly id: string;
    readonly direction: string;
    readonly severity: string;
  }[];
  readonly unknowns: number;
}

function parseReversal(line: string): Reversal {
  const wrong = (what: string): never => {
    throw new SyntaxError(`not a line of \`countermand audit --json\`: ${what}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    wrong((error as Error).message);
  }
  const isObject = (item: unknown): item is Readonly<Record<string, unknown>> =>
    typeof item === "object" && item !== null && !Array.isArray(item);
  const list = (item: unknown, name: string): readonly unknown[] =>
    Array.isArray(item) && item.length <= 100_000 ? item : wrong(`${name} is no list`);
  const text = (item: unknown, name: string): string =>
    typeof item === "string" && item.length <= 1000 ? item : wrong(`${name} is no text`);
  if (!isObject(value)) return wrong("it is no object");
  const commit = text(value["commit"], "commit");
  if (!/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(commit)) return wrong("commit is no commit id");
  const committedAt = text(value["committedAt"], "committedAt");
  if (Number.isNaN(Date.parse(committedAt))) return wrong("committedAt is no time");
  const objects = (item: unknown, name: string) =>
    list(item, name).map((each) => (isObject(each) ? each : wrong(`${name} holds no objects`)));
  return {
    commit,
    committedAt,
    matches: objects(value["undoes"], "undoes").map((item) => text(item["match"], "undoes.match")),
    implications: objects(value["implications"], "implications").map((item) => ({
      id: text(item["id"], "implications.id"),
      direction: text(item["direction"], "implications.direction"),
      severity: text(item["severity"], "implications.severity"),
    })),
    unknowns: list(value["unknowns"], "unknowns").length,
  };
}

const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

function moment(at: string) {
  const time = new Date(at);
  return {
    now: time.toISOString(),
    weekday: weekdays[time.getUTCDay()] ?? "sun",
    minute: time.getUTCHours() * 60 + time.getUTCMinutes(),
  };
}

function isFast(classified: Classification | undefined): boolean {
  return classified?.obligations.lane === "clean-revert";
}

/** Outside the fast lane one person at least agrees, whatever a policy says. */
function atLeastOne(obligations: Obligations): Obligations {
  return { ...obligations, approvals: Math.max(1, obligations.approvals) };
}

function hoursBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 3_600_000;
}

function daysBetween(from: string, to: string): number {
  return hoursBetween(from, to) / 24;
}

/** Counts over many. */
export class Tally {
  readonly outcomes: Record<Outcome, number> = { allowed: 0, delayed: 0, blocked: 0 };
  readonly #classes = new Map<string, number>();
  readonly #reasons = new Map<string, number>();

  add({ outcome, classes, blocked, delayed }: Simulated): void {
    this.outcomes[outcome] += 1;
    for (const name of classes) count(this.#classes, name);
    for (const says of [...blocked, ...delayed]) count(this.#reasons, says);
  }

  get total(): number {
    const { allowed, delayed, blocked } = this.outcomes;
    return allowed + delayed + blocked;
  }

  /** The most frequent first. */
  get classes(): readonly (readonly [name: string, count: number])[] {
    return sorted(this.#classes);
  }

  get reasons(): readonly (readonly [says: string, count: number])[] {
    return sorted(this.#reasons);
  }
}

/** What hostile records could make grow without end stops here. */
const maxKinds = 1000;

function count(of: Map<string, number>, key: string): void {
  if (of.has(key) || of.size < maxKinds) of.set(key, (of.get(key) ?? 0) + 1);
}

function sorted(of: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...of].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
