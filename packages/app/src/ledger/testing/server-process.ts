/** A process that submits notes (crash-child.ts), and the lines of what it was told is recorded. */
import { spawn } from "node:child_process";
import { onTestFinished } from "vitest";

export type ServerProcess = {
  /** `<index> <text>`, as they come. */
  readonly lines: string[];
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<unknown>;
};

const program = new URL("./crash-child.ts", import.meta.url).pathname;

/** Killed when the test is over. */
export function startServer(order: object): ServerProcess {
  const child = spawn(process.execPath, ["-C", "source", program, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const lines: string[] = [];
  let rest = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  return { lines, ended, kill: (signal) => child.kill(signal) };
}
