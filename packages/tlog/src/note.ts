/**
 * C2SP signed-note v1.0.0: a text with signature lines below it. Stricter than
 * the specification where it leaves a choice: at most 100 signature lines,
 * canonical base64 only, and one malformed line refuses the whole note.
 */
import {
  concat,
  decodeBase64,
  decodeUtf8,
  encodeBase64,
  encodeUtf8,
  equalBytes,
  quote,
} from "./bytes.ts";
import { parseCheckpoint } from "./checkpoint-text.ts";
import { signedCosignature, signedSubtree, splitCosignature } from "./cosignature.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { TlogError } from "./error.ts";
import { mlDsa44, verifyMlDsa44 } from "./ml-dsa-44.ts";
import { hex8, isKeyName, keyTypes, type NoteSigner, type NoteVerifier } from "./note-key.ts";

export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  /** What follows the key id; its form depends on the key's type. */
  readonly signature: Uint8Array;
}

export interface Note {
  /** Ends with a newline; this is what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface OpenedNote {
  readonly text: string;
  /** Signatures by keys that were given, each true; at least one. */
  readonly verified: readonly (NoteSignature & {
    readonly verifier: NoteVerifier;
    /** For a cosignature: POSIX seconds of the cosigner's clock. */
    readonly timestamp?: number;
  })[];
  /** Signatures by keys that were not given. */
  readonly ignored: readonly NoteSignature[];
}

const maxNoteBytes = 1_000_000;
const maxSignatures = 100;

/** `formatNote(parseNote(b))` gives `b` back. Throws a `TlogError` "note" with the line. */
export function parseNote(bytes: Uint8Array): Note {
  const refuse = (problem: string, where?: string) => new TlogError("note", problem, where);
  if (bytes.length > maxNoteBytes) {
    throw refuse(`found ${bytes.length} bytes; a note has at most ${maxNoteBytes}`);
  }
  const control = bytes.findIndex((byte) => byte < 0x20 && byte !== 0x0a);
  if (control !== -1)
    throw refuse("a note has no control character but newline", `byte ${control}`);
  const note = decodeUtf8(bytes, "note");
  // The text may hold blank lines of its own: the last one divides.
  const divide = note.lastIndexOf("\n\n");
  if (divide === -1) throw refuse("there is no blank line between text and signatures");
  const text = note.slice(0, divide + 1);
  const rest = note.slice(divide + 2);
  const firstLine = text.split("\n").length + 1;
  return { text, signatures: parseSignatureLines(rest, firstLine) };
}

/** Signature lines by themselves, as a witness answers them. Throws a `TlogError` "note" with the line. */
export function parseSignatureLines(lines: string, firstLine = 1): NoteSignature[] {
  if (!lines.endsWith("\n")) {
    throw new TlogError(
      "note",
      lines === ""
        ? "there is no signature"
        : "the last signature line does not end with a newline",
      `line ${firstLine}`,
    );
  }
  const each = lines.slice(0, -1).split("\n");
  if (each.length > maxSignatures) {
    throw new TlogError(
      "note",
      `found ${each.length} signature lines; at most ${maxSignatures} are read`,
    );
  }
  return each.map((line, i) => parseSignature(line, `line ${firstLine + i}`));
}

function parseSignature(line: string, where: string): NoteSignature {
  const match = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line);
  const [, name = "", base64 = ""] = match ?? [];
  if (match === null || !isKeyName(name)) {
    throw new TlogError(
      "note",
      "a signature line is an em dash, a key name and base64, each after one space",
      where,
    );
  }
  const bytes = decodeBase64(base64);
  if (bytes === undefined || bytes.length < 5) {
    throw new TlogError(
      "note",
      "the signature is not canonical base64 of a key id and a signature",
      where,
    );
  }
  return { name, keyId: new DataView(bytes.buffer).getUint32(0), signature: bytes.slice(4) };
}

/** One signature line with its newline. */
export function formatSignature(signature: NoteSignature): string {
  if (!isKeyName(signature.name)) {
    throw new TypeError(`${quote(signature.name)} cannot name a key`);
  }
  if (signature.keyId >>> 0 !== signature.keyId) {
    throw new TypeError(`${signature.keyId} is no key id: a whole number below 2^32`);
  }
  if (signature.signature.length === 0) throw new TypeError("a signature has at least one byte");
  const id = new Uint8Array(4);
  new DataView(id.buffer).setUint32(0, signature.keyId);
  return `\u2014 ${signature.name} ${encodeBase64(concat(id, signature.signature))}\n`;
}

/** Refuses with a `TypeError` what `parseNote` would not give back. */
export function formatNote(note: Note): Uint8Array {
  const count = note.signatures.length;
  if (count < 1 || count > maxSignatures) {
    throw new TypeError(`a note has 1 to ${maxSignatures} signatures, not ${count}`);
  }
  if (!note.text.endsWith("\n") || /[\u0000-\u0009\u000b-\u001f]/.test(note.text)) {
    throw new TypeError("a note's text ends with a newline and has no other control character");
  }
  const bytes = encodeUtf8(`${note.text}\n${note.signatures.map(formatSignature).join("")}`);
  if (bytes.length > maxNoteBytes) {
    throw new TypeError(`a note has at most ${maxNoteBytes} bytes, not ${bytes.length}`);
  }
  return bytes;
}

/** The note that `signers` make of `text`, in their order. */
export async function signNote(text: string, signers: readonly NoteSigner[]): Promise<Uint8Array> {
  const bytes = encodeUtf8(text);
  const signatures = await Promise.all(
    signers.map(async (signer) => ({
      name: signer.name,
      keyId: signer.keyId,
      signature: await signer.sign(bytes),
    })),
  );
  return formatNote({ text, signatures });
}

/**
 * Opens a note: every signature by a given key (name and id both) must be true,
 * and there must be one. Others are ignored. Two keys of one name and id cannot
 * be told apart, and refuse the note.
 *
 * One key may have signed more than once, a cosigner at two times: a quorum
 * counts public keys, not signatures.
 */
export async function openNote(
  bytes: Uint8Array,
  verifiers: readonly NoteVerifier[],
): Promise<OpenedNote> {
  const { text, signatures } = parseNote(bytes);
  const message = encodeUtf8(text);
  const verified: OpenedNote["verified"][number][] = [];
  const ignored: NoteSignature[] = [];
  for (const signature of signatures) {
    const [verifier, ...others] = verifiers.filter(
      (key) => key.name === signature.name && key.keyId === signature.keyId,
    );
    if (others.some((other) => !sameKey(other, verifier))) {
      throw new TlogError(
        "key",
        `two keys were given with the name ${quote(signature.name)} and the id ${hex8(signature.keyId)}`,
      );
    }
    if (verifier === undefined) {
      ignored.push(signature);
      continue;
    }
    if (
      verified.some(
        (item) => item.verifier === verifier && equalBytes(item.signature, signature.signature),
      )
    ) {
      continue;
    }
    const good = await check(verifier, message, signature.signature);
    if (good === undefined) {
      throw new TlogError(
        "signature",
        `the signature by ${quote(signature.name)} is not true of this text`,
      );
    }
    verified.push({ ...signature, verifier, ...good });
  }
  if (verified.length === 0) {
    throw new TlogError(
      "signature",
      `none of the ${signatures.length} signatures is by a key that was asked for (${verifiers.map((key) => quote(key.name)).join(", ")})`,
    );
  }
  return { text, verified, ignored };
}

function sameKey(a: NoteVerifier, b: NoteVerifier | undefined): boolean {
  return a.type === b?.type && equalBytes(a.publicKey, b.publicKey);
}

async function check(
  verifier: NoteVerifier,
  text: Uint8Array,
  signature: Uint8Array,
): Promise<{ readonly timestamp?: number } | undefined> {
  switch (verifier.type) {
    case keyTypes.ed25519:
      return (await verifyEd25519(verifier.publicKey, text, signature)) ? {} : undefined;
    case keyTypes.ed25519Cosignature: {
      const cosignature = splitCosignature(signature);
      if (cosignature === undefined) return undefined;
      const { timestamp, signature: raw } = cosignature;
      const good = await verifyEd25519(verifier.publicKey, signedCosignature(timestamp, text), raw);
      return good ? { timestamp } : undefined;
    }
    case keyTypes.mlDsa44Cosignature: {
      const cosignature = splitCosignature(signature, mlDsa44.signature);
      if (cosignature === undefined) return undefined;
      const { timestamp, signature: raw } = cosignature;
      // It is over what a checkpoint says, not over the text.
      const checkpoint = parseCheckpoint(decodeUtf8(text, "note"));
      const message = signedSubtree(verifier.name, timestamp, checkpoint);
      const good = await verifyMlDsa44(verifier.publicKey, message, raw);
      return good ? { timestamp } : undefined;
    }
  }
}
