/**
 * The bytes that a DSSE signature is over (DSSE v1.0.2, protocol.md): both the
 * payload and what kind of thing it is, each with its length before it.
 */
import { concat, encodeUtf8 } from "../bytes/encoding.ts";

/** `DSSEv1 <bytes of type> <type> <bytes of payload> <payload>`. */
export function pae(payloadType: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const type = encodeUtf8(payloadType);
  return concat(
    encodeUtf8(`DSSEv1 ${type.length} `),
    type,
    encodeUtf8(` ${payload.length} `),
    payload,
  );
}
