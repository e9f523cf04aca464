/** The opening of a ledger as a command: signed by the system, because nobody is enrolled yet. */
import { digestOf, parsePayload, type JsonObject } from "@countermand/record";
import type { Command } from "./batch.ts";
import type { OpeningRequest } from "./countermand.ts";
import { payloadOf, type SystemSigner } from "./system-signer.ts";

export function openingCommand(
  request: OpeningRequest,
  logKey: string,
  signer: SystemSigner,
  now: Date,
): Command {
  const body: JsonObject = {
    logKey,
    ...(request.predecessor === undefined ? {} : { predecessor: { ...request.predecessor } }),
    systemKey: { fingerprint: signer.fingerprint, line: signer.publicKey },
    policy: request.policy,
    administrator: request.administrator,
  };
  const subjects = [{ name: "urn:countermand:log-key", digest: { sha256: digestOf(logKey) } }];
  const envelope = signer.open(request.origin, subjects, body, now.toISOString());
  return {
    kind: "statement",
    envelope,
    statement: parsePayload(payloadOf(envelope)),
    openings: request.openings,
  };
}
