/**
 * `Countermand` over HTTP: what a command line uses when a server has the ledger.
 * The server's refusals become the errors that the embedded service throws, so a
 * command behaves alike on both; what it answers is checked (`server-call.ts`),
 * and an artefact against its digest.
 */
import { createHash } from "node:crypto";
import { encodeHex } from "@countermand/record";
import { audits, reversalPage } from "../http/contract/audit.ts";
import { entryTimes } from "../http/contract/entry-times.ts";
import { gateAnswer, gateEventPage } from "../http/contract/gate.ts";
import { instance } from "../http/contract/instance.ts";
import { signalAnswer, signalPage } from "../http/contract/signal.ts";
import { recordPage, recordView } from "../http/contract/record.ts";
import { accepted } from "../http/contract/statement.ts";
import { artefact } from "../http/contract/words.ts";
import type { Countermand } from "../rollbacks/countermand.ts";
import { RollbacksError } from "../rollbacks/error.ts";
import { connect, notUnderstood, type RemoteOptions } from "./server-call.ts";
import { plain } from "./terminal.ts";

export function remoteCountermand(baseUrl: string, options: RemoteOptions = {}): Countermand {
  const { base, askJson, askBytes } = connect(baseUrl, options);
  return {
    openLedger: (request) => askJson("/v1/ledger", instance, { method: "POST", json: request }),
    instance: () => askJson("/v1/instance", instance),
    submit: (submission) =>
      askJson("/v1/statements", accepted, { method: "POST", json: submission }),
    records: (query) => askJson("/v1/records", recordPage, { query: { ...query } }),
    record: (id) => askJson(`/v1/records/${segment(id)}`, recordView),
    exportRecord: (id, query) => askBytes(`/v1/records/${segment(id)}/package`, { ...query }),
    entryProof: (index, min) => askBytes(`/v1/entries/${index}/proof`, { min }),
    entryTimes: (index) => askJson(`/v1/entries/${index}/times`, entryTimes),
    async putArtefact(bytes) {
      const stored = await askJson("/v1/artefacts", artefact, { method: "POST", bytes });
      checkDigest(base, bytes, stored.digest);
      return stored;
    },
    async getArtefact(digest) {
      try {
        const bytes = await askBytes(`/v1/artefacts/${segment(digest)}`);
        checkDigest(base, bytes, digest);
        return bytes;
      } catch (error) {
        if (error instanceof RollbacksError && error.code === "not-found") return undefined;
        throw error;
      }
    },
    gate: (request) => askJson("/v1/gate", gateAnswer, { method: "POST", json: request }),
    gateEvents: (query) => askJson("/v1/gate/events", gateEventPage, { query: { ...query } }),
    signal: (event) =>
      askJson("/v1/signals", signalAnswer, {
        method: "POST",
        json: { specversion: "1.0", ...event },
      }),
    signals: (query) => askJson("/v1/signals", signalPage, { query: { ...query } }),
    audits: () => askJson("/v1/audits", audits),
    reversals: (query) => askJson("/v1/reversals", reversalPage, { query: { ...query } }),
  };
}

/** One segment of a path. `.` and `..` would be another path, and nothing is named so. */
function segment(text: string): string {
  if (text === "" || text === "." || text === "..") {
    throw new RollbacksError("not-found", `nothing here is named ${JSON.stringify(text)}`);
  }
  return encodeURIComponent(text.toWellFormed());
}

function checkDigest(base: URL, bytes: Uint8Array, digest: string): void {
  const found = encodeHex(createHash("sha256").update(bytes).digest());
  if (found !== digest) {
    throw notUnderstood(base, `the artefact ${plain(digest, 64)} has the digest ${found}`);
  }
}
