/**
 * Facts of the whole ledger that a record's own entries cannot give: whose
 * retrospectives are overdue, and what was seen running where. Read once for a
 * batch, kept current while the batch goes on, and computed again by `fsck`, all
 * with this one mechanism.
 */
import {
  digestOf,
  isOverdue,
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
  return undefined;
}

/** What an entry says was seen running; the gate's word counts as well as an observer's. */
export function seenBy(
  statement: Pick<SignedStatement, "type" | "body">,
  state: RecordState,
): Seen | undefined {
  const { service, environment } = state.proposal;
  const { type, body } = statement;
  if (type.name !== "observation" && type.name !== "temporary-undone") return undefined;
  return { service, environment, digest: digestOf(body["running"] ?? {}) };
}

export class LedgerFactsBook {
  readonly #overdueOfActor: Map<string, number>;
  readonly #overdueOfService: Map<string, number>;
  readonly #seen: Map<string, boolean>;
  readonly #complete: boolean;

  constructor(
    known: {
      readonly overdueOfActor?: ReadonlyMap<string, number>;
      readonly overdueOfService?: ReadonlyMap<string, number>;
      /** What was asked for, and whether it was seen. */
      readonly seen?: readonly (readonly [Seen, boolean])[];
    },
    /** Everything before the first entry is known: nothing. */
    complete = false,
  ) {
    this.#complete = complete;
    this.#overdueOfActor = new Map(known.overdueOfActor);
    this.#overdueOfService = new Map(known.overdueOfService);
    this.#seen = new Map((known.seen ?? []).map(([what, was]) => [keyOf(what), was]));
  }

  /** Whether everything that `wanted` asks is known here. */
  knows({ overdue, ran }: FactsWanted): boolean {
    return (
      this.#complete ||
      ((overdue === undefined ||
        (this.#overdueOfActor.has(overdue.actor) && this.#overdueOfService.has(overdue.service))) &&
        (ran === undefined || this.#seen.has(keyOf(ran))))
    );
  }

  /** The facts that an entry for `wanted` carries now. */
  facts(wanted: FactsWanted): LedgerFacts {
    const { overdue, ran } = wanted;
    return {
      overdueOfActor: overdue === undefined ? 0 : (this.#overdueOfActor.get(overdue.actor) ?? 0),
      overdueOfService:
        overdue === undefined ? 0 : (this.#overdueOfService.get(overdue.service) ?? 0),
      ranBefore: ran !== undefined && this.#seen.get(keyOf(ran)) === true,
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
  }
}

function keyOf({ service, environment, digest }: Seen): string {
  return `${service} ${environment} ${digest}`;
}

function add(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
