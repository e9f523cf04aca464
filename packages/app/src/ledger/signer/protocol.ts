/**
 * What a server and the process that holds its log's key say to each other: one
 * line of JSON each way, docs/spec/signer.md. Strict on both sides, because each
 * may be somebody else's by now.
 */
import { z } from "zod";

/** A checkpoint is some hundred bytes, a proof at most 53 hashes of 44. */
export const maxLine = 16_384;

const size = z.int().min(0);
const hash = z
  .string()
  .length(44)
  .regex(/^[A-Za-z0-9+/]{43}=$/);
const vkey = z.string().max(1_024);

export const signerRequest = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("hello"), version: z.literal(1) }),
  z.strictObject({
    op: z.literal("sign"),
    /** Which of the keys. */
    vkey,
    /** The checkpoint's text, as it is to be signed. */
    checkpoint: z.string().min(1).max(4_096),
    /** The size that the proof is about, beside the checkpoint's. */
    marked: size,
    /** C2SP consistency proof between the smaller and the larger of the two. */
    proof: z.array(hash).max(64),
  }),
]);
export type SignerRequest = z.infer<typeof signerRequest>;

export const signerAnswer = z.discriminatedUnion("answer", [
  z.strictObject({
    answer: z.literal("hello"),
    keys: z.array(vkey).min(1).max(2),
    /** How many entries were signed for at most. */
    marked: size,
  }),
  z.strictObject({
    answer: z.literal("signed"),
    /** Base64, without the key id. */
    signature: z.string().max(128),
    marked: size,
  }),
  /** The proof is about another size than the one that was signed for: prove it from that. */
  z.strictObject({ answer: z.literal("prove"), marked: size }),
  /** It signs something else than what it signed for before, or is not its to sign. */
  z.strictObject({ answer: z.literal("refused"), says: z.string().max(1_000) }),
  /** It cannot do it now: a full disk. */
  z.strictObject({ answer: z.literal("failed"), says: z.string().max(1_000) }),
]);
export type SignerAnswer = z.infer<typeof signerAnswer>;

/** The lines of a stream, each without its end. Throws where one is longer than `maxLine`. */
export async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      if (end > maxLine) throw tooLong();
      yield rest.subarray(0, end).toString("utf8");
      rest = rest.subarray(end + 1);
    }
    if (rest.length > maxLine) throw tooLong();
  }
}

function tooLong(): RangeError {
  return new RangeError(`a line of more than ${maxLine} bytes`);
}
