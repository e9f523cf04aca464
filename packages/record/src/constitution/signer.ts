/**
 * What holds for every statement: who signed it, with what, for which ledger,
 * and when. Not configurable; runs at append and in the verifier.
 */
import type { JsonObject } from "../bytes/canonical-json.ts";
import { holderOf, personById, usableKey, type Registry } from "../registry/registry.ts";
import type { RecordState } from "../lifecycle/state.ts";
import type { RecordStatement, RegistryStatement, Said } from "../statements/statement-type.ts";
import { rule } from "./refusal.ts";

/** An actor's clock may be ahead of the ledger's by this much, in milliseconds. */
export const clockTolerance = 60_000;

export function checkSigner(
  type: RecordStatement<JsonObject> | RegistryStatement<JsonObject>,
  said: Said,
  registry: Registry,
  state?: RecordState,
): void {
  const { head } = said;
  rule(
    "instance-bound",
    head.instance === registry.instance,
    () => `the statement was made for the ledger ${head.instance}, this is ${registry.instance}`,
  );
  checkClock(said);
  const isSystem = head.actor === registry.system.actor;
  rule("system-only", isSystem === (type.saidBy === "system"), () =>
    isSystem
      ? `${head.actor} says only what follows from the entries; ${type.name} is for people to say`
      : `${type.name} follows from the entries; nobody says it`,
  );
  if (isSystem) {
    rule(
      "key-bound",
      head.key === registry.system.fingerprint,
      () => `${head.key} is not the system's key, that is ${registry.system.fingerprint}`,
    );
    return;
  }
  const person = personById(registry, head.actor);
  rule(
    "signer-enrolled",
    person !== undefined,
    () => `${head.actor} is not enrolled in this ledger`,
  );
  if (type.selfSigned === true) {
    const { fingerprint } = said.body["newKey"] as { readonly fingerprint: string };
    rule(
      "key-bound",
      fingerprint === head.key,
      () => `${type.name} is signed by the key that it brings, ${fingerprint}, not by ${head.key}`,
    );
  } else if (!isWorkloadKey(state, said)) {
    rule(
      "key-bound",
      holderOf(registry, head.key)?.id === person.id,
      () => `the key ${head.key} is not enrolled for ${head.actor}`,
    );
    rule(
      "signer-enrolled",
      usableKey(person, head.key, said.recordedAt) !== undefined,
      () =>
        `the key ${head.key} of ${head.actor} was revoked or has expired; sign with a key in use`,
    );
  }
  rule(
    "key-type",
    said.userPresent !== false,
    () => `the security key ${head.key} signed without a touch; a touch is required`,
  );
  const { saidBy } = type;
  if (saidBy !== "anyone" && saidBy !== "system") {
    rule(
      "signer-permitted",
      person.permissions.includes(saidBy),
      () => `${head.actor} lacks the permission \`${saidBy}\`, which ${type.name} needs`,
    );
  }
  rule(
    "humans-decide",
    type.humansOnly !== true || person.kind === "human",
    () =>
      `${head.actor} is ${person.kind === "agent" ? "an" : "a"} ${person.kind}; ${type.name} is for a natural person`,
  );
}

/** A job's key speaks for its record until its token ends. */
function isWorkloadKey(state: RecordState | undefined, { head, recordedAt }: Said): boolean {
  return (state?.workloadKeys ?? []).some(
    (key) => key.fingerprint === head.key && key.actor === head.actor && recordedAt < key.expiresAt,
  );
}

/** Nobody speaks from the future. Late is allowed, and shown. */
export function checkClock(said: Said): void {
  const ahead = Date.parse(said.head.occurredAt) - Date.parse(said.recordedAt);
  rule(
    "clock",
    ahead <= clockTolerance,
    () =>
      `the statement says it was made at ${said.head.occurredAt}, after it was recorded at ${said.recordedAt}; check the signer's clock`,
  );
}
