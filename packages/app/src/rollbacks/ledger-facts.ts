/**
 * Facts of the whole ledger that a record's own entries cannot give: whose
 * retrospectives are overdue, what was seen running where, and which exercise
 * was held of which plan. Read once for a
 * batch, kept current while the batch goes on, and computed again by `fsck`, all
 * with this one mechanism.
 */
import {
  digestOf,
  hasRun,
  isOverdue,
  openedAt,
  textField,
  type LedgerFacts,
  type RecordState,
  type SignedStatement,
} from "@countermand/record";

/** What was seen running, as the view keeps it. */
export interface Seen {
  readonly service: string;
  readonly environment: string;
  readonly digest: string;
}

/** Which facts the entry for `statement` must carry. */
export interface FactsWanted {
  /** Of an emergency. */
  readonly overdue?: { readonly actor: string; readonly service: string };
  /** Of an assessment: the record's own target. */
  readonly ran?: Seen;
  /** Of a drill that was held: the number of the exercise. */
  readonly drill?: string;
}

export type DrillFact = NonNullable<LedgerFacts["drill"]>;

/** What is known of an exercise that ran, if `state` is one and was proposed from a plan. */
export function drillFact(state: RecordState | undefined): DrillFact | undefined {
  if (state?.proposal.mode !== "exercise" || !hasRun(state)) return undefined;
  const { plan } = state.proposal;
  return plan === undefined ? undefined : { plan, openedAt: openedAt(state) };
}

export function factsWanted(
  { type, body, head }: Pick<SignedStatement, "type" | "body" | "head">,
  state: RecordState | undefined,
): FactsWanted | undefined {
  if (type.name === "proposed" && body["mode"] === "emergency") {
    return { overdue: { actor: head.actor, service: textField(body, "service") } };
  }
  if (type.name === "assessed" && state !== undefined) {
    const { service, environment, target } = state.proposal;
    return { ran: { service, environment, digest: digestOf(target) } };
  }
  if (type.name === "drill-held") return { drill: textField(body, "drill") };
  return undefined;
}

/** What an entry says was seen running. What was seen in an exercise says nothing of production. */
export function seenBy(
  statement: Pick<SignedStatement, "type" | "body">,
  state: RecordState,
): Seen | undefined {
  const { service, environment, mode } = state.proposal;
  const { type, body } = statement;
  if (mode === "exercise") return undefined;
  if (type.name !== "observation" && type.name !== "temporary-undone") return undefined;
  return { service, environment, digest: digestOf(body["running"] ?? {}) };
}

export class LedgerFactsBook {
  readonly #overdueOfActor: Map<string, number>;
  readonly #overdueOfService: Map<string, number>;
  readonly #seen: Map<string, boolean>;
  readonly #drills: Map<string, DrillFact | undefined>;
  readonly #complete: boolean;

  constructor(
    known: {
      readonly overdueOfActor?: ReadonlyMap<string, number>;
      readonly overdueOfService?: ReadonlyMap<string, number>;
      /** What was asked for, and whether it was seen. */
      readonly seen?: readonly (readonly [Seen, boolean])[];
      /** Exercises that were asked for, and what they were. */
      readonly drills?: ReadonlyMap<string, DrillFact | undefined>;
    },
    /** Everything before the first entry is known: nothing. */
    complete = false,
  ) {
    this.#complete = complete;
    this.#overdueOfActor = new Map(known.overdueOfActor);
    this.#overdueOfService = new Map(known.overdueOfService);
    this.#drills = new Map(known.drills);
    this.#seen = new Map((known.seen ?? []).map(([what, was]) => [keyOf(what), was]));
  }

  /** Whether everything that `wanted` asks is known here. */
  knows({ overdue, ran, drill }: FactsWanted): boolean {
    return (
      this.#complete ||
      ((overdue === undefined ||
        (this.#overdueOfActor.has(overdue.actor) && this.#overdueOfService.has(overdue.service))) &&
        (ran === undefined || this.#seen.has(keyOf(ran))) &&
        (drill === undefined || this.#drills.has(drill)))
    );
  }

  /** The facts that an entry for `wanted` carries now. */
  facts(wanted: FactsWanted): LedgerFacts {
    const { overdue, ran } = wanted;
    const drill = wanted.drill === undefined ? undefined : this.#drills.get(wanted.drill);
    return {
      overdueOfActor: overdue === undefined ? 0 : (this.#overdueOfActor.get(overdue.actor) ?? 0),
      overdueOfService:
        overdue === undefined ? 0 : (this.#overdueOfService.get(overdue.service) ?? 0),
      ranBefore: ran !== undefined && this.#seen.get(keyOf(ran)) === true,
      ...(drill === undefined ? {} : { drill }),
    };
  }

  /** Takes in what one entry changed. */
  moved(before: RecordState | undefined, after: RecordState, seen: Seen | undefined): void {
    const by = Number(isOverdue(after)) - Number(before !== undefined && isOverdue(before));
    if (by !== 0) {
      add(this.#overdueOfActor, after.proposers[0] ?? "", by);
      add(this.#overdueOfService, after.proposal.service, by);
    }
    if (seen !== undefined) this.#seen.set(keyOf(seen), true);
    if (after.proposal.mode === "exercise") this.#drills.set(after.id, drillFact(after));
  }
}

function keyOf({ service, environment, digest }: Seen): string {
  return `${service} ${environment} ${digest}`;
}

function add(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
