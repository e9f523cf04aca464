/**
 * The keys of a log that another process holds, as signers of this one. A signer
 * that is away is waited for; one that refuses says that there are two histories,
 * or that it is not this log's, and then nothing must go on.
 */
import { createConnection, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { formatVerifierKey, parseVerifierKey } from "@countermand/tlog";
import { LedgerError, messageOf } from "../error.ts";
import type { LogSigner, Proving } from "../keys.ts";
import { contradiction } from "../start-up.ts";
import { linesOf, signerAnswer, type SignerAnswer, type SignerRequest } from "./protocol.ts";

/** Milliseconds for one answer. */
const answerTime = 10_000;
/** How long a signer that is away is waited for before this server stops: what was recorded has no receipt yet. */
export const patience = 60_000;

export interface RemoteKeys {
  /** One or, in an overlap, two; the older first. */
  readonly signers: readonly LogSigner[];
  readonly close: () => void;
}

/** Throws a `LedgerError` "key-file" where nobody answers, or not as a signer does. */
export async function remoteKeys(
  path: string,
  options: { readonly patience?: number } = {},
): Promise<RemoteKeys> {
  const line = new Line(path);
  const wait = options.patience ?? patience;
  let hello: SignerAnswer;
  try {
    hello = await line.ask({ op: "hello", version: 1 });
  } catch (error) {
    line.close();
    throw new LedgerError(
      "key-file",
      `no signer answers at ${path} (COUNTERMAND_SIGNER): ${messageOf(error)}; start it with countermand signer`,
      { cause: error },
    );
  }
  if (hello.answer !== "hello") {
    line.close();
    throw new LedgerError("key-file", `what answers at ${path} is no signer`);
  }
  let { marked } = hello;

  async function sign(vkey: string, text: Uint8Array, size: number, prove: Proving) {
    const checkpoint = Buffer.from(text).toString("utf8");
    const until = Date.now() + wait;
    for (let pause = 20; ;) {
      let answer: SignerAnswer;
      // In an overlap two keys sign at once, and the other's answer may move it meanwhile.
      const from = marked;
      try {
        const proof = await prove(Math.min(size, from), Math.max(size, from));
        answer = await line.ask({
          op: "sign",
          vkey,
          checkpoint,
          marked: from,
          proof: proof.map((hash) => Buffer.from(hash).toString("base64")),
        });
      } catch (error) {
        if (error instanceof LedgerError || Date.now() > until) throw error;
        await sleep(pause);
        pause = Math.min(pause * 2, 1_000);
        continue;
      }
      switch (answer.answer) {
        case "signed":
          ({ marked } = answer);
          return new Uint8Array(Buffer.from(answer.signature, "base64"));
        case "prove":
          // Another server had a larger tree signed meanwhile.
          if (Date.now() > until) throw new Error("the signer's mark does not stand still");
          ({ marked } = answer);
          break;
        case "failed":
          if (Date.now() > until) throw new Error(`the signer could not: ${answer.says}`);
          await sleep(pause);
          pause = Math.min(pause * 2, 1_000);
          break;
        case "refused":
          throw contradiction(`the signer refused: ${answer.says}`);
        case "hello":
          throw contradiction("the signer answered something else than what it was asked");
      }
    }
  }

  const signers = hello.keys.map((vkey): LogSigner => {
    const verifier = parseVerifierKey(vkey);
    return {
      name: verifier.name,
      keyId: verifier.keyId,
      verifier,
      vkey: formatVerifierKey(verifier),
      sign: () => {
        throw new LedgerError(
          "key-file",
          "the key is with the signer, which signs checkpoints and nothing else",
        );
      },
      signGrown: (text, size, prove) => sign(vkey, text, size, prove),
    };
  });
  return { signers, close: () => line.close() };
}

/** One connection, made again where it broke; one question at a time. */
class Line {
  readonly #path: string;
  #socket: Socket | undefined;
  #answers: AsyncGenerator<string> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  ask(request: SignerRequest): Promise<SignerAnswer> {
    const turn = this.#last.then(() => this.#ask(request));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #ask(request: SignerRequest): Promise<SignerAnswer> {
    try {
      const { socket, answers } = await this.#open();
      socket.write(`${JSON.stringify(request)}\n`);
      const timer = setTimeout(
        () => socket.destroy(new Error("the signer did not answer in time")),
        answerTime,
      );
      try {
        const { value, done } = await answers.next();
        if (done === true) throw new Error("the signer hung up");
        return signerAnswer.parse(JSON.parse(value));
      } finally {
        clearTimeout(timer);
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async #open(): Promise<{ socket: Socket; answers: AsyncGenerator<string> }> {
    if (this.#socket !== undefined && this.#answers !== undefined && !this.#socket.destroyed) {
      return { socket: this.#socket, answers: this.#answers };
    }
    const socket = createConnection(this.#path);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", () => resolve());
      socket.once("error", reject);
    });
    socket.on("error", () => undefined);
    socket.unref();
    this.#socket = socket;
    this.#answers = linesOf(socket);
    return { socket, answers: this.#answers };
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#answers = undefined;
  }
}
