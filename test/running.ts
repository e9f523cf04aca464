/** For tests: programs that run until the test is over, ours and other people's. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { cli, type Workplace } from "./command-line.ts";

export interface Running {
  /** The first address that it said, or "". */
  readonly url: string;
  said(): string;
  /** Asks it to end, and gives its exit code. */
  end(): Promise<number | null>;
}

/** Runs a command of ours until the test is over; its address is what it says first. */
export async function start(place: Workplace, ...args: string[]): Promise<Running> {
  return await launch(place, [process.execPath, "-C", "source", cli, ...args], /GOOD/);
}

/** Runs a program until the test is over, and waits until it said an address or what is `ready`. */
export async function launch(
  place: Workplace,
  [command = "", ...args]: readonly string[],
  ready: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const child = spawn(command, args, {
    cwd: place.folder,
    env: { ...place.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((done) => child.once("exit", done));
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const end = async () => {
    child.kill("SIGTERM");
    return await ended;
  };
  for (let i = 0; i < 300; i++) {
    const url = /http:\/\/[0-9.]+:[0-9]+/.exec(said)?.[0];
    if (url !== undefined || ready.test(said)) return { url: url ?? "", said: () => said, end };
    if (child.exitCode !== null) break;
    await sleep(50);
  }
  throw new Error(`it does not answer: ${said}`);
}

export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await condition()) return;
    await sleep(100);
  }
  throw new Error("it did not come to that");
}

/** Nobody listens there now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
