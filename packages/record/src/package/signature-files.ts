/**
 * What stock `ssh-keygen -Y verify` needs, derived from the entries alone: for
 * each the signed bytes and the armored signature, and one allowed_signers file.
 * The verifier derives them again and compares, so that the stock tool and ours
 * cannot be shown different things.
 */
import type { ArchiveFile } from "../archive/archive.ts";
import { decodeBase64, encodeUtf8 } from "../bytes/encoding.ts";
import { pae } from "../dsse/pae.ts";
import { parseEntry } from "../entry/entry.ts";
import { allowedSignersLine } from "../sshsig/allowed-signers.ts";
import { formatArmor } from "../sshsig/armor.ts";
import { parsePublicKeyLine } from "../sshsig/public-key.ts";
import { parsePayload } from "../statements/signed-statement.ts";
import { namespaceOf } from "../statements/statement-type.ts";
import { statementTypes } from "../statements/types.ts";
import { paths } from "./layout.ts";

export interface SignedEntry {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** Throws a `RecordError` where an entry is not one. */
export function signatureFiles(entries: readonly SignedEntry[]): readonly ArchiveFile[] {
  const files: ArchiveFile[] = [];
  const lines = new Set<string>();
  for (const { index, bytes } of entries) {
    const { envelope } = parseEntry(bytes);
    const payload = decodeBase64(envelope.payload);
    const { type, head, body } = parsePayload(payload);
    const [signature] = envelope.signatures;
    if (signature === undefined) throw new TypeError("a parsed envelope has a signature");
    files.push(
      { path: paths.pae(index), bytes: pae(envelope.payloadType, payload) },
      { path: paths.signature(index), bytes: encodeUtf8(formatArmor(decodeBase64(signature.sig))) },
    );
    for (const [actor, key] of enrolments(type.name, head.actor, body)) lines.add(line(actor, key));
  }
  files.push({ path: paths.allowedSigners, bytes: encodeUtf8([...lines].join("")) });
  return files;
}

function line(actor: string, key: string): string {
  const namespaces = [...statementTypes.keys()].map(namespaceOf);
  return `${allowedSignersLine({ principal: actor, namespaces, key: parsePublicKeyLine(key) })}\n`;
}

type KeyField = { readonly line: string };

/** The keys that a registry statement enrols, and for whom. */
function enrolments(
  type: string,
  actor: string,
  body: { readonly [key: string]: unknown },
): readonly (readonly [string, string])[] {
  switch (type) {
    case "log-opened": {
      const administrator = body["administrator"] as { id: string; key: KeyField };
      const system = body["systemKey"] as KeyField;
      return [
        [actor, system.line],
        [administrator.id, administrator.key.line],
      ];
    }
    case "person-added": {
      const person = body["person"] as { id: string; key: KeyField };
      return [[person.id, person.key.line]];
    }
    case "key-added":
      return [[body["person"] as string, (body["newKey"] as KeyField).line]];
    default:
      return [];
  }
}
