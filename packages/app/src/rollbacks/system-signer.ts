/**
 * The system's own voice: signs, with the system key, what follows from the
 * entries and the clock. Synchronous, because it runs under the log's lock.
 */
import { randomUUID } from "node:crypto";
import {
  decodeBase64,
  ed25519KeyBlob,
  encodeBase64,
  fingerprint,
  formatPublicKeyLine,
  makePayload,
  namespaceOf,
  pae,
  signedData,
  sshsigFromRaw,
  statementPayloadType,
  statementTypes,
  type Envelope,
  type Following,
  type JsonObject,
  type RecordState,
  type Registry,
  type RegistryFollowing,
  type Subject,
} from "@countermand/record";

/** The actor under which the system speaks. */
export const systemActor = "countermand";

export interface SystemSigner {
  readonly fingerprint: string;
  /** One authorized_keys line. */
  readonly publicKey: string;
  /** Signs what is owed on the registry, as of `now`. */
  signRegistry(registry: Registry, owed: RegistryFollowing, now: string): Envelope;
  /** Signs what is owed on `state`, as of `now`; under the id of a request where one asked for it. */
  sign(state: RecordState, registry: Registry, owed: Following, now: string, id?: string): Envelope;
  /** Signs that a signal makes a rollback mandatory. */
  oblige(registry: Registry, body: JsonObject, now: string, id: string): Envelope;
  /** Signs the opening of a ledger. */
  open(instance: string, subjects: readonly Subject[], body: JsonObject, now: string): Envelope;
}

/** An Ed25519 key that signs at once. */
export interface RawKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  sign(data: Uint8Array): Uint8Array;
}

export function systemSigner(key: RawKey): SystemSigner {
  const blob = ed25519KeyBlob(key.publicKey);
  const print = fingerprint(blob);

  function envelope(
    type: string,
    subjects: readonly Subject[],
    instance: string,
    body: JsonObject,
    occurredAt: string,
    id: string = randomUUID(),
  ): Envelope {
    const head = { id, actor: systemActor, key: print, instance, occurredAt };
    const payload = makePayload(type, subjects, head, body);
    const namespace = namespaceOf(type);
    const message = signedData(namespace, "sha512", pae(statementPayloadType, payload));
    const signature = sshsigFromRaw({
      key: blob,
      namespace,
      hashAlgorithm: "sha512",
      raw: key.sign(message),
    });
    return {
      payload: encodeBase64(payload),
      payloadType: statementPayloadType,
      signatures: [{ keyid: print, sig: encodeBase64(signature) }],
    };
  }

  return {
    fingerprint: print,
    publicKey: formatPublicKeyLine(blob),
    signRegistry(registry, owed, now) {
      const subjects = [
        {
          name: `urn:countermand:registry:${registry.instance}`,
          digest: { sha256: registry.head },
        },
      ];
      return envelope(owed.type, subjects, registry.instance, owed.body, now);
    },
    sign(state, registry, owed, now, id) {
      const subjects = [
        { name: `urn:countermand:record:${state.id}`, digest: { sha256: state.hash } },
      ];
      return envelope(owed.type, subjects, registry.instance, owed.body ?? {}, now, id);
    },
    oblige(registry, body, now, id) {
      const subjects = statementTypes.get("obliged")?.subjects(body, undefined) ?? [];
      return envelope("obliged", subjects, registry.instance, body, now, id);
    },
    open: (instance, subjects, body, now) => envelope("log-opened", subjects, instance, body, now),
  };
}

/** The payload's bytes of an envelope that we made. */
export function payloadOf(envelope: Envelope): Uint8Array {
  return decodeBase64(envelope.payload);
}
