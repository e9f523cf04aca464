/**
 * The SSH wire types of RFC 4251 §5 that keys and signatures use: byte, uint32,
 * string, mpint. The reader takes one spelling for each value and refuses the
 * rest, so what was read prints back byte for byte. Negative mpints are left
 * out: no key or signature has one.
 */
import { concat, decodeUtf8, encodeUtf8 } from "../bytes/encoding.ts";
import { quote, RecordError } from "../bytes/error.ts";

/** A big-endian uint32. */
export function wireUint32(n: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(n) || n < 0 || n > 0xffffffff) throw new TypeError(`${n} is no uint32`);
  return new Uint8Array([n >>> 24, n >>> 16, n >>> 8, n]);
}

/** A length and the bytes; a text is written as UTF-8. */
export function wireString(value: Uint8Array | string): Uint8Array<ArrayBuffer> {
  const bytes = typeof value === "string" ? encodeUtf8(value) : value;
  return concat(wireUint32(bytes.length), bytes);
}

/** A positive integer, given as its big-endian bytes (leading zeros are dropped). */
export function wireMpint(magnitude: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = withoutLeadingZeros(magnitude);
  if (bytes.length === 0) throw new TypeError("zero is no key or signature number");
  return wireString((bytes[0] ?? 0) >= 0x80 ? concat(new Uint8Array(1), bytes) : bytes);
}

export function withoutLeadingZeros(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex((byte) => byte !== 0);
  return first === -1 ? new Uint8Array(0) : magnitude.subarray(first);
}

/** Reads one field after the other; every refusal names the field and its byte. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #code: "key" | "signature";
  readonly #what: string;
  #at = 0;

  /** `what` names the whole in errors: "the signature". */
  constructor(bytes: Uint8Array, code: "key" | "signature", what: string) {
    this.#bytes = bytes;
    this.#code = code;
    this.#what = what;
  }

  fixed(length: number, field: string): Uint8Array {
    const left = this.#bytes.length - this.#at;
    if (length > left) {
      throw this.refuse(`${field} of ${this.#what} takes ${length} bytes, only ${left} are left`);
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  byte(field: string): number {
    return this.fixed(1, field)[0] ?? 0;
  }

  uint32(field: string): number {
    return this.fixed(4, field).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  string(field: string): Uint8Array {
    return this.fixed(this.uint32(`the length of ${field}`), field);
  }

  /** A string of 1 to 1024 printable ASCII characters without a space: every name in these formats is one. */
  name(field: string): string {
    const start = this.#at;
    const bytes = this.string(field);
    const printable = bytes.every((byte) => byte >= 0x21 && byte <= 0x7e);
    if (!printable || bytes.length === 0 || bytes.length > 1024) {
      this.#at = start;
      const found = quote(String.fromCharCode(...bytes.subarray(0, 41)));
      throw this.refuse(`${field} is ${found}; it must be 1 to 1024 printable ASCII characters`);
    }
    return decodeUtf8(bytes);
  }

  /** A positive integer, as its big-endian bytes without leading zeros. */
  mpint(field: string): Uint8Array {
    const start = this.#at;
    const bytes = this.string(field);
    const [first = 0, second = 0] = bytes;
    if (bytes.length === 0 || first >= 0x80 || (first === 0 && second < 0x80)) {
      this.#at = start;
      throw this.refuse(`${field} is zero, negative or not written in the fewest bytes`);
    }
    return first === 0 ? bytes.subarray(1) : bytes;
  }

  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw this.refuse(`${left} more bytes after the end of ${this.#what}`);
  }

  refuse(problem: string): RecordError {
    return new RecordError(this.#code, problem, { where: `byte ${this.#at}` });
  }
}
