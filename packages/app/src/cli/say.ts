/**
 * Making a statement: texts become commitments with openings, the payload is
 * put together for the state as it is now, signed, and submitted.
 */
import { randomBytes, randomUUID } from "node:crypto";
import {
  encodeBase64,
  holderOf,
  makeOpening,
  makePayload,
  namespaceOf,
  pae,
  statementPayloadType,
  statementTypes,
  type JsonObject,
  type Opening,
  type RecordState,
  type Registry,
} from "@countermand/record";
import type { Accepted, Countermand } from "../rollbacks/countermand.ts";
import type { Context } from "./context.ts";
import { CommandError, exitCodes } from "./exit.ts";
import type { SshSigner } from "./ssh-signer.ts";

export interface Speaker {
  readonly context: Context;
  readonly countermand: Countermand;
  readonly signer: SshSigner;
}

/** Collects texts of one statement: each becomes a commitment, and its opening is kept. */
export class Texts {
  readonly openings: Opening[] = [];

  commit(value: string): string {
    const opening = makeOpening(value, new Uint8Array(randomBytes(32)));
    this.openings.push(opening);
    return opening.commitment;
  }

  /** A field to spread into a body: nothing where there is no text. */
  optional<K extends string>(
    field: K,
    value: string | undefined,
  ): { readonly [key in K]?: string } {
    return value === undefined || value === ""
      ? {}
      : ({ [field]: this.commit(value) } as { [key in K]: string });
  }
}

/**
 * The enrolled person whose key signs, or the workload whose job brought it for
 * this record; a clear way forward where there is none.
 */
export function speakingPerson(registry: Registry, signer: SshSigner, state?: RecordState): string {
  const person = holderOf(registry, signer.fingerprint);
  const job = state?.workloadKeys.find((key) => key.fingerprint === signer.fingerprint);
  if (job !== undefined) return job.actor;
  if (person === undefined) {
    throw new CommandError(
      exitCodes.finding,
      `The key ${signer.fingerprint} is not enrolled in ${registry.instance}. An administrator can enrol it:\n  countermand person add --public-key '${signer.publicKey}'`,
    );
  }
  return person.id;
}

/** Says `type` about a record or, with no state, in the registry or as a new proposal. */
export async function say(
  speaker: Speaker,
  registry: Registry,
  type: string,
  state: RecordState | undefined,
  body: JsonObject,
  texts: Texts,
  /** Who speaks with a key that nobody has yet. */
  actor?: string,
): Promise<Accepted> {
  const kind = statementTypes.get(type);
  if (kind === undefined) throw new TypeError(`${type} is no kind of statement`);
  const head = {
    id: randomUUID(),
    actor: actor ?? speakingPerson(registry, speaker.signer, state),
    key: speaker.signer.fingerprint,
    instance: registry.instance,
    occurredAt: speaker.context.now().toISOString(),
  };
  const subjects =
    kind.stream === "registry" ? kind.subjects(body, registry) : kind.subjects(body, state);
  const payload = makePayload(type, subjects, head, body);
  const signature = await speaker.signer.sign(
    namespaceOf(type),
    pae(statementPayloadType, payload),
  );
  return speaker.countermand.submit({
    envelope: {
      payload: encodeBase64(payload),
      payloadType: statementPayloadType,
      signatures: [{ keyid: speaker.signer.fingerprint, sig: encodeBase64(signature) }],
    },
    openings: texts.openings,
  });
}
