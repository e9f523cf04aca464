/**
 * What a rule says beside its condition. Every rule has `@id`; one that forbids
 * has `@says`, the sentence that people are told; one for `classify` has
 * `@class` and asks for obligations; one for `signal` has `@oblige` and may have
 * `@owner`. Anything else is refused: a misspelt `@aprovals` would ask for nothing.
 */
import { evidenceKinds, type Obligations, type RoleSeat } from "@countermand/record";

/** What one rule asks for: only what it names. */
export type Asking = Partial<Obligations>;

export interface Annotated {
  readonly id: string;
  readonly says?: string;
  readonly classes: readonly string[];
  readonly asks: Asking;
  /** Of a rule for `signal`. */
  readonly obliges?: { readonly minutes: number; readonly owners: readonly string[] };
}

/** What a rule is for decides which annotations it may have. */
export type Purpose = "permission" | "classify" | "signal" | "gate";

/** Throws a `RangeError` with the sentence; `rules.ts` adds file and line. */
export function parseAnnotations(
  found: Readonly<Record<string, string>>,
  purpose: Purpose,
  effect: "permit" | "forbid",
): Annotated {
  const given = new Map(Object.entries(found));
  const id = given.get("id");
  if (id === undefined) {
    throw new RangeError('the rule has no name; write @id("what-it-does") before it');
  }
  if (!/^[a-z0-9][a-z0-9-]{0,59}$/.test(id)) {
    throw new RangeError(
      `@id is lower-case letters, digits and '-', at most 60; found ${show(id)}`,
    );
  }
  const says = given.get("says");
  if (says !== undefined && !/^[^\n\t]{10,300}$/u.test(says)) {
    throw new RangeError(`@says is one sentence of 10 to 300 characters; found ${show(says)}`);
  }
  if (effect === "forbid" && says === undefined) {
    throw new RangeError(
      `the rule ${id} forbids and does not say why; write @says("the sentence that people are told") before it`,
    );
  }
  if (purpose === "signal")
    return { ...parseObliging(id, given), ...(says === undefined ? {} : { says }) };
  const isClassify = purpose === "classify";
  const classes = isClassify ? parseNames("class", given.get("class") ?? missingClass(id), 10) : [];
  const asks: Asking = {};
  for (const [name, text] of given) {
    if (name === "id" || name === "says") continue;
    if (isClassify && name === "class") continue;
    const read = isClassify ? askings.get(name) : undefined;
    if (read === undefined) throw unknown(name, purpose);
    Object.assign(asks, read(text));
  }
  return { id, ...(says === undefined ? {} : { says }), classes, asks };
}

/** `@oblige("24h")`: from the signal until it must have run. `@owner("ines, bo")`: in this order. */
function parseObliging(id: string, given: ReadonlyMap<string, string>): Annotated {
  const time = given.get("oblige");
  if (time === undefined) {
    throw new RangeError(
      `the rule ${id} is for signal and gives no time; write @oblige("24h") before it`,
    );
  }
  for (const name of given.keys()) {
    if (!["id", "says", "oblige", "owner"].includes(name)) throw unknown(name, "signal");
  }
  const owner = given.get("owner");
  const owners = owner === undefined ? [] : parseOwners(owner);
  return {
    id,
    classes: [],
    asks: {},
    obliges: { minutes: span("oblige", time, "m", 527_040), owners },
  };
}

function parseOwners(text: string): readonly string[] {
  const owners = text.split(",").map((item) => item.trim());
  const wrong = owners.find((item) => !/^[a-z0-9][a-z0-9._-]{0,63}$/.test(item));
  if (wrong !== undefined || owners.length > 20 || new Set(owners).size !== owners.length) {
    throw new RangeError(
      `@owner is ids of persons, the first who can be it first, at most 20 and each once, separated by commas; found ${show(text)}`,
    );
  }
  return owners;
}

const lanes: readonly Obligations["lane"][] = ["quorum", "clean-revert"];

type Reader = (text: string) => Asking;

/** Each annotation of a rule for `classify`, and the obligation it asks for. */
const askings: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["approvals", (text) => ({ approvals: whole("approvals", text, 0, 10) })],
  ["roles", (text) => ({ roles: parseSeats(text) })],
  ["evidence", (text) => ({ evidence: parseEvidence(text) })],
  ["request", (text) => ({ requestHours: span("request", text, "h", 8760) })],
  ["window", (text) => ({ windowMinutes: span("window", text, "m", 10_080) })],
  ["temporary", (text) => ({ temporaryDays: span("temporary", text, "d", 366) })],
  ["retrospective", (text) => ({ retrospectiveHours: span("retrospective", text, "h", 8760) })],
  ["renewals", (text) => ({ renewals: whole("renewals", text, 0, 20) })],
  ["notify", (text) => ({ notify: parseNames("notify", text, 50) })],
  ["lane", (text) => ({ lane: parseLane(text) })],
  ["sample", (text) => ({ samplePercent: whole("sample", text, 0, 100) })],
]);

/** What only a rule for this purpose may have. */
const own: Readonly<Partial<Record<Purpose, readonly string[]>>> = {
  classify: ["class", ...askings.keys()],
  signal: ["oblige", "owner"],
};

function missingClass(id: string): never {
  throw new RangeError(
    `the rule ${id} is for classify and names no class; write @class("what-it-is") before it`,
  );
}

function unknown(name: string, purpose: Purpose): RangeError {
  if (purpose !== "classify" && (name === "class" || askings.has(name))) {
    return new RangeError(
      `@${name} asks for something that only a rule for Action::"classify" can ask for`,
    );
  }
  if (purpose !== "signal" && ["oblige", "owner"].includes(name)) {
    return new RangeError(`@${name} is for a rule for Action::"signal" alone`);
  }
  const known = ["id", "says", ...(own[purpose] ?? [])];
  return new RangeError(
    `the annotation @${name} is unknown; a rule may have ${known.map((item) => `@${item}`).join(", ")}`,
  );
}

/** Decimal digits and nothing else: `Number("")` is 0 and `Number("0x1")` is 1. */
function whole(name: string, text: string, min: number, max: number): number {
  const value = /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new RangeError(`@${name} is a whole number from ${min} to ${max}; found ${show(text)}`);
  }
  return value;
}

const minutesIn = { m: 1, h: 60, d: 1440 } as const;

/** `30m`, `4h`, `7d`, as whole minutes, hours or days. */
function span(name: string, text: string, unit: "m" | "h" | "d", max: number): number {
  const match = /^([1-9]\d{0,4})([mhd])$/.exec(text);
  const minutes =
    match === null ? Number.NaN : Number(match[1]) * minutesIn[match[2] as "m" | "h" | "d"];
  const value = minutes / minutesIn[unit];
  if (!Number.isInteger(value) || value < 1 || value > max) {
    const words = { m: "minutes", h: "hours", d: "days" }[unit];
    throw new RangeError(
      `@${name} is a span of whole ${words} such as "${unit === "m" ? "30m" : unit === "h" ? "24h" : "7d"}", at most ${max} ${words}; found ${show(text)}`,
    );
  }
  return value;
}

/** Names separated by commas; sorted, so that the obligations have one form. */
function parseNames(name: string, text: string, max: number): readonly string[] {
  const names = text.split(",").map((item) => item.trim());
  for (const item of names) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,99}$/.test(item)) {
      throw new RangeError(
        `@${name} is names of letters, digits and . _ / : @ -, separated by commas; found ${show(text)}`,
      );
    }
  }
  if (names.length > max) throw new RangeError(`@${name} names more than ${max}`);
  const sorted = [...new Set(names)].sort();
  if (sorted.length !== names.length) {
    throw new RangeError(`@${name} names something twice; found ${show(text)}`);
  }
  return sorted;
}

/** `sre, security:2`: seats for persons who hold the role, one where there is no number. */
function parseSeats(text: string): readonly RoleSeat[] {
  const seats = text.split(",").map((item): RoleSeat => {
    const match = /^([A-Za-z0-9][A-Za-z0-9._/@-]{0,99})(?::([1-9]|10))?$/.exec(item.trim());
    if (match === null) {
      throw new RangeError(
        `@roles is roles with a number of seats, such as "sre, security:2"; found ${show(text)}`,
      );
    }
    return { role: match[1] ?? "", count: Number(match[2] ?? "1") };
  });
  const sorted = seats.sort((a, b) => (a.role < b.role ? -1 : 1));
  if (new Set(sorted.map((item) => item.role)).size !== sorted.length) {
    throw new RangeError(`@roles names a role twice; found ${show(text)}`);
  }
  const total = sorted.reduce((sum, item) => sum + item.count, 0);
  if (sorted.length > 20 || total > 10) {
    throw new RangeError(`@roles asks for ${total} seats; at most 10 can approve`);
  }
  return sorted;
}

/** A kind that does not exist could never be attached, and nothing would ever be approved. */
function parseEvidence(text: string): readonly string[] {
  const names = parseNames("evidence", text, 50);
  const wrong = names.find((item) => !(evidenceKinds as readonly string[]).includes(item));
  if (wrong !== undefined) {
    throw new RangeError(
      `@evidence names ${show(wrong)}, which is no kind of evidence; kinds are ${evidenceKinds.join(", ")}`,
    );
  }
  return names;
}

function parseLane(text: string): Obligations["lane"] {
  const lane = lanes.find((item) => item === text);
  if (lane === undefined) {
    throw new RangeError(`@lane is ${lanes.join(" or ")}; found ${show(text)}`);
  }
  return lane;
}

function show(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
