/**
 * One question to one witness. It is a stranger's server: no redirect is followed,
 * no more is read than an answer can have, and it has some seconds.
 */
import { formatAddCheckpoint, readWitnessAnswer, type WitnessAnswer } from "@countermand/tlog";
import { messageOf } from "../error.ts";
import type { WitnessAddress } from "./policy-file.ts";

export interface Asked {
  readonly answer: WitnessAnswer;
  /** What was sent, and what came back: evidence, if it contradicts us. */
  readonly sent: Uint8Array;
  readonly status: number;
  readonly mediaType: string;
  readonly body: Uint8Array;
}

const maxBytes = 64 * 1024;

export async function askWitness(
  witness: WitnessAddress,
  question: {
    readonly oldSize: number;
    readonly proof: readonly Uint8Array[];
    /** A signed note. */
    readonly note: string;
  },
  timeout: number,
): Promise<Asked> {
  const { oldSize, proof, note } = question;
  const sent = formatAddCheckpoint({ oldSize, proof, checkpoint: Buffer.from(note) });
  let status = 0;
  let mediaType = "";
  let body: Uint8Array = new Uint8Array();
  try {
    const response = await fetch(witness.url, {
      method: "POST",
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: new Uint8Array(sent),
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
    });
    ({ status } = response);
    mediaType = response.headers.get("content-type") ?? "";
    body = await readBody(response);
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    const reason = (error as { cause?: unknown }).cause ?? error;
    const problem = late ? `it did not answer within ${timeout / 1000} s` : messageOf(reason);
    return { answer: { kind: "later", problem }, sent, status, mediaType, body };
  }
  const text = note.slice(0, note.lastIndexOf("\n\n") + 1);
  const answer = await readWitnessAnswer({ status, mediaType, body }, text, witness.verifiers);
  return { answer, sent, status, mediaType, body };
}

/** One byte more than an answer may have is enough to know that it is too long. */
async function readBody(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array;
    length += bytes.length;
    chunks.push(bytes);
    if (length > maxBytes) break;
  }
  return Buffer.concat(chunks);
}
