/** For tests: a service on a real store, with people who sign, and a clock that a test sets. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defaultPolicy,
  makeOpening,
  permissions,
  registryStream,
  statementTypes,
  type JsonObject,
  type Opening,
  type Policy,
  type RecordState,
} from "@countermand/record";
import {
  actor,
  assessmentBody,
  decisionBody,
  envelopeOf,
  personOf,
  type Actor,
} from "@countermand/record/testing";
import { directoryBlobs } from "../../storage/blobs.ts";
import { holdDataDirectory } from "../../storage/data-directory.ts";
import type { DatabaseLocation } from "../../storage/open.ts";
import type { StoreUnderTest } from "../../storage/testing/both-stores.ts";
import type { Accepted, Submission } from "../../rollbacks/countermand.ts";
import { undoReportBytes } from "../../undo/range/render.ts";
import { undoReport } from "../../undo/testing/report.ts";
import { summaryOf } from "../../undo/range/summary.ts";
import { issuerKeys } from "../../identity/issuer-keys.ts";
import { judgesOf } from "../../rollbacks/judges.ts";
import { RollbackService } from "../../rollbacks/service.ts";
import type { Store } from "../../rollbacks/store.ts";
import { ledgerHome } from "../home.ts";

export const origin = "example.com/rollbacks";
export const report = Buffer.from(undoReportBytes(undoReport));

export class RollbacksUnderTest {
  readonly ada = actor("ada");
  readonly bo = actor("bo");
  readonly cleo = actor("cleo");
  readonly folder: string;
  readonly location: DatabaseLocation;
  readonly #under: StoreUnderTest;
  #directory: ReturnType<typeof holdDataDirectory> | undefined;
  service!: RollbackService;
  store!: Store;
  now = Date.parse("2026-11-23T02:00:00.000Z");

  private constructor(under: StoreUnderTest, location: DatabaseLocation) {
    this.#under = under;
    this.location = location;
    this.folder = mkdtempSync(join(tmpdir(), "countermand-service-"));
  }

  /** A started service; with its ledger open and three people enrolled unless `empty`. */
  static async start(
    under: StoreUnderTest,
    options: { readonly empty?: true; readonly policy?: Partial<Policy> } = {},
  ): Promise<RollbacksUnderTest> {
    const it = new RollbacksUnderTest(under, await under.place());
    await it.restart();
    if (options.empty !== true) await it.openLedger(options.policy);
    return it;
  }

  async restart(): Promise<void> {
    await this.stop();
    this.#directory = holdDataDirectory(join(this.folder, "data"));
    const database = await this.#under.open(this.location);
    const blobs = directoryBlobs(this.#directory.blobs, { maxBytes: 1_000_000 });
    const judges = judgesOf(blobs);
    const issuers = issuerKeys(() => new Date(this.now));
    this.store = {
      database,
      blobs,
      judges,
      isPublished: (issuer, keys) => issuers.isPublished(issuer, keys),
      now: () => new Date(this.now),
    };
    this.service = await RollbackService.start(this.store, ledgerHome(this.store, this.#directory));
  }

  async stop(): Promise<void> {
    await this.service?.opened?.ledger.close();
    await this.store?.database.close();
    this.#directory?.release();
    this.#directory = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async openLedger(policy: Partial<Policy> = {}): Promise<void> {
    const email = makeOpening("ada@example.com", crypto.getRandomValues(new Uint8Array(32)));
    await this.service.openLedger({
      origin,
      policy: { ...defaultPolicy, ...policy },
      administrator: { ...personOf(this.ada, permissions), emails: [email.commitment] },
      openings: [email],
    });
    const usual = permissions.filter((item) => item !== "administer");
    for (const who of [this.bo, this.cleo]) {
      await this.registrySays(this.ada, "person-added", { person: personOf(who, usual) });
    }
    await this.service.putArtefact(report);
  }

  time(): string {
    return new Date(this.now).toISOString();
  }

  async state(id = "RB-2026-1"): Promise<RecordState> {
    return (await this.service.record(id)).state;
  }

  async registrySays(by: Actor, type: string, body: JsonObject): Promise<Accepted> {
    const { registry } = await this.service.instance();
    const kind = statementTypes.get(type);
    if (kind?.stream !== registryStream) throw new TypeError(type);
    const subjects = kind.subjects(body, registry);
    return this.service.submit({
      envelope: envelopeOf(by, type, subjects, body, this.time(), { instance: origin }),
      openings: [],
    });
  }

  async submission(
    by: Actor,
    type: string,
    body: JsonObject,
    texts: Readonly<Record<string, string>> = {},
    state?: RecordState,
    id?: string,
  ): Promise<Submission> {
    const openings: Opening[] = [];
    const committed: Record<string, string> = {};
    for (const [field, text] of Object.entries(texts)) {
      const opening = makeOpening(text, crypto.getRandomValues(new Uint8Array(32)));
      openings.push(opening);
      committed[field] = opening.commitment;
    }
    const full = { ...body, ...committed };
    const kind = statementTypes.get(type);
    if (kind?.stream !== "record") throw new TypeError(type);
    const subjects = kind.subjects(full, state);
    const changes = id === undefined ? { instance: origin } : { instance: origin, id };
    return { envelope: envelopeOf(by, type, subjects, full, this.time(), changes), openings };
  }

  async propose(by = this.ada, changes: JsonObject = {}): Promise<Accepted> {
    const body = { ...proposalBody(), ...changes };
    return this.service.submit(await this.submission(by, "proposed", body, texts));
  }

  async assess(id = "RB-2026-1", changes: JsonObject = {}): Promise<Accepted> {
    const artefact = await this.service.putArtefact(report);
    const body = assessmentBody({
      ...summaryOf(undoReport),
      record: id,
      authors: ["ada"],
      unknownAuthors: 0,
      report: { ...artefact },
      ...changes,
    });
    return this.service.submit(
      await this.submission(this.ada, "assessed", body, {}, await this.state(id)),
    );
  }

  async decide(by = this.bo, id = "RB-2026-1", decision: "approve" | "reject" = "approve") {
    const state = await this.state(id);
    return this.service.submit(
      await this.submission(by, "decision", decisionBody(state, decision), {}, state),
    );
  }
}

export const texts = {
  rationale: "Checkout fails since 02:40 after release 1.42.0; going back is faster than a fix",
  impact: "Customers can pay again",
  security: "Undoes nothing that protects",
};

/** A proposal that lacks nothing but its texts. */
export function proposalBody() {
  return {
    uid: crypto.randomUUID(),
    kind: "revert",
    service: "api",
    environment: "prod",
    current: { type: "commit", commit: "b".repeat(40) },
    target: { type: "commit", commit: "a".repeat(40) },
    reason: "availability",
    tickets: ["INC-1"],
    stabiliseMinutes: 0,
  };
}
