/**
 * What a kind of statement is: its shape, who may say it and when, its own
 * rules, its effect and its sentence. One file a kind; `types.ts` lists them.
 */
import type { JsonObject } from "../bytes/canonical-json.ts";
import { object, timestamp, uuid, type Shape } from "../bytes/shape.ts";
import type { LedgerFacts } from "../entry/entry.ts";
import type { RecordState, Status } from "../lifecycle/state.ts";
import type { Registry } from "../registry/registry.ts";
import { actorId, fingerprint, origin, type Permission } from "./words.ts";

/** What every statement says of itself. */
export interface Head {
  /** The statement's own id: a retry with the same id is the same statement. */
  readonly id: string;
  readonly actor: string;
  /** Fingerprint of the signing key: a signature alone does not bind one (signing.md, trap 4). */
  readonly key: string;
  /** The ledger's origin, so that a statement made for staging means nothing in production. */
  readonly instance: string;
  /** The actor's clock. */
  readonly occurredAt: string;
}

export interface Subject {
  readonly name: string;
  readonly digest: { readonly [algorithm: string]: string };
}

/** What the entry adds to the statement, and what the signature check found. */
export interface Said {
  readonly index: number;
  /** Leaf hash of the entry, in hex. */
  readonly leafHash: string;
  readonly recordedAt: string;
  /** The stream that the sequencer gave it: `registry` or a record number. */
  readonly stream: string;
  /** SHA-256 of the signed payload, in hex. */
  readonly payloadDigest: string;
  readonly type: string;
  readonly head: Head;
  readonly body: JsonObject;
  readonly subjects: readonly Subject[];
  /** Set for security keys only. */
  readonly userPresent?: boolean;
  readonly userVerified?: boolean;
  readonly signedWith?: SignedWith;
}

/** What made the signature: a key in a file, a security key, or a browser's passkey. */
export type SignedWith = "ssh" | "security-key" | "passkey";

export interface RecordContext {
  readonly said: Said;
  readonly registry: Registry;
  /** What the sequencer said of the ledger as a whole. */
  readonly facts?: LedgerFacts;
}

/**
 * Fields shared by all kinds. The functions are methods so that a kind fits
 * where its body type is forgotten (`types.ts`): sound, because a body reaches
 * them only through the same kind's `shape`.
 */
interface Kind<B> {
  /** `decision`: part of the predicate type and of the signature's namespace. */
  readonly name: string;
  /** Permission that the actor needs, or `anyone` enrolled, or `system`: only the system's key. */
  readonly saidBy: Permission | "anyone" | "system";
  /** Only a natural person may say it. */
  readonly humansOnly?: true;
  /** Signed by the very key that it brings, `newKey`; an identity token is its witness. */
  readonly selfSigned?: true;
  readonly shape: Shape<B>;
  /** Signatures inside the body, checked with the statement's own; throws a `RecordError`. */
  verify?(body: B): Promise<void>;
  /** One sentence for the timeline, without personal data. */
  says(body: B): string;
}

export interface RecordStatement<B> extends Kind<B> {
  readonly stream: "record";
  /** States in which it may be said; for the first of a record, none. */
  readonly during: readonly Status[];
  /** May open a record: `apply` then gets no state. */
  readonly opens?: true;
  /** Of the system's: said when somebody asks for it, under rules of its own, not when it follows. */
  readonly onRequest?: true;
  subjects(body: B, state: RecordState | undefined): readonly Subject[];
  /** Throws a `Refusal` where a rule of its own does not hold. */
  check?(body: B, state: RecordState | undefined, context: RecordContext): void;
  /** Sets what this kind changes; `advance` keeps the timeline and the rest. */
  apply(body: B, state: RecordState | undefined, context: RecordContext): RecordState;
}

export interface RegistryStatement<B> extends Kind<B> {
  readonly stream: "registry";
  readonly opens?: true;
  subjects(body: B, registry: Registry | undefined): readonly Subject[];
  apply(body: B, registry: Registry | undefined, said: Said): Registry;
}

export const headShapes = {
  id: uuid,
  actor: actorId,
  key: fingerprint,
  instance: origin,
  occurredAt: timestamp,
};

type Shapes = { readonly [key: string]: Shape<unknown> };
type NoShapes = { readonly [key in never]: Shape<unknown> };

/** The shape of a predicate: the head's fields and the kind's own, and nothing else. */
export function predicate<R extends Shapes, O extends Shapes = NoShapes>(
  required: R,
  optional: O = {} as O,
) {
  for (const field of [...Object.keys(required), ...Object.keys(optional)]) {
    if (Object.hasOwn(headShapes, field)) throw new TypeError(`${field} is a field of the head`);
  }
  return object<typeof headShapes & R, O>({ ...headShapes, ...required }, optional);
}

/** The subject of everything that is said about a record after its proposal. */
export function aboutRecord(_body: unknown, state: RecordState | undefined): readonly Subject[] {
  if (state === undefined) throw new TypeError("only a proposal may open a record");
  return [{ name: `urn:countermand:record:${state.id}`, digest: { sha256: state.hash } }];
}

/** The subject of what is said in the registry: the registry as the signer knew it. */
export function aboutRegistry(_body: unknown, registry: Registry | undefined): readonly Subject[] {
  if (registry === undefined) throw new TypeError("only log-opened may open a registry");
  return [
    { name: `urn:countermand:registry:${registry.instance}`, digest: { sha256: registry.head } },
  ];
}

/** The state, where the kind cannot open a record. */
export function existing(state: RecordState | undefined): RecordState {
  if (state === undefined) throw new TypeError("this statement is about a record that exists");
  return state;
}

/** Who said it and when, as the state keeps it. */
export function saying(said: Said) {
  return {
    index: said.index,
    actor: said.head.actor,
    occurredAt: said.head.occurredAt,
    recordedAt: said.recordedAt,
  };
}

/** The predicate type of a kind, and back. */
export function predicateType(type: string): string {
  return `urn:countermand:statement:${type}:v1`;
}

/** The SSHSIG namespace under which a kind is signed. */
export function namespaceOf(type: string): string {
  return `${type}.v1@countermand`;
}
