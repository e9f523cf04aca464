/** The signer's socket: a file in a folder that is its user's alone. */
import { chmodSync, lstatSync, rmSync, statSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LedgerError, messageOf } from "../error.ts";
import type { SigningProcess } from "./log-signer.ts";
import { linesOf, signerRequest, type SignerAnswer } from "./protocol.ts";

/** A connection that says nothing for so long is closed; a server connects again. */
const idleTime = 300_000;
const maxConnections = 64;

/**
 * Listens until `signal`. Throws a `LedgerError` "key-file" where the folder may be entered by
 * others, or something else than a socket is at the path.
 */
export async function listen(
  path: string,
  signing: SigningProcess,
  report: (line: string) => void,
  signal: AbortSignal,
  /** The folder's group may ask, too: servers of another user. */
  group = false,
): Promise<void> {
  clearWay(path, group);
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.setTimeout(idleTime, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
    void converse(socket, signing, report).finally(() => socket.destroySoon());
  });
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new LedgerError("key-file", `cannot listen at ${path}: ${messageOf(error)}`, {
          cause: error,
        }),
      ),
    );
    server.listen(path, () => resolve());
  });
  // The folder keeps others out already; this says so of the file, too.
  chmodSync(path, group ? 0o660 : 0o600);
  await sleep(2 ** 31 - 1, undefined, { signal }).catch(() => undefined);
  for (const socket of open) socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** What a signer that was killed left behind is removed; nothing else is. */
function clearWay(path: string, group: boolean): void {
  const folder = dirname(path);
  let mode: number;
  try {
    ({ mode } = statSync(folder));
  } catch (error) {
    throw new LedgerError("key-file", `there is no folder ${folder} for the signer's socket`, {
      cause: error,
    });
  }
  // Who may write there could put a socket of their own in its place.
  if ((mode & (group ? 0o027 : 0o077)) !== 0) {
    throw new LedgerError(
      "key-file",
      `the folder ${folder} of the signer's socket may be ${group ? "changed by its group or entered by others" : "entered by others"} (mode ${(mode & 0o777).toString(8).padStart(4, "0")}): whoever reaches the socket has checkpoints signed; run chmod ${group ? "2710" : "700"} on it`,
    );
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new LedgerError("key-file", `${path} is there and is no socket; name another path`);
  }
  rmSync(path);
}

/** One question at a time; whoever does not keep to the protocol is told so and hung up on. */
async function converse(
  socket: Socket,
  signing: SigningProcess,
  report: (line: string) => void,
): Promise<void> {
  const send = (answer: SignerAnswer) => socket.write(`${JSON.stringify(answer)}\n`);
  try {
    for await (const line of linesOf(socket.iterator({ destroyOnReturn: false }))) {
      const request = signerRequest.safeParse(asJson(line));
      if (!request.success) {
        const says = "that is no question of docs/spec/signer.md";
        report(says);
        send({ answer: "refused", says });
        return;
      }
      const answer = await signing.answer(request.data);
      if (answer.answer === "refused" || answer.answer === "failed") report(answer.says);
      send(answer);
    }
  } catch (error) {
    if (error instanceof RangeError) {
      report(error.message);
      send({ answer: "refused", says: error.message });
    }
    // Anything else: the other side is gone.
  }
}

function asJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
