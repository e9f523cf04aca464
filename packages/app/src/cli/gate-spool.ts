/**
 * What a gate answered while the server could not be asked, one file each, until
 * it is told; and what the policy says a gate does meanwhile, as the server last
 * said it. Files of the user's own: a pipeline runs as somebody.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { gateRequest } from "../http/contract/gate.ts";
import type { GateAnswer, GateRequest } from "../rollbacks/countermand.ts";
import type { Context } from "./context.ts";

type Unreachable = GateAnswer["unreachable"];

export class GateSpool {
  readonly folder: string;

  /** `server` keeps questions to different servers apart. */
  constructor(context: Context, server: string) {
    const state = context.env["XDG_STATE_HOME"];
    const base =
      state === undefined || state === ""
        ? join(context.env["HOME"] ?? homedir(), ".local", "state")
        : state;
    const name = createHash("sha256").update(server).digest("hex").slice(0, 16);
    this.folder = join(base, "countermand", "gate", name);
  }

  /** What a gate does here by itself, as the server last said. */
  mode(service: string, environment: string): Unreachable | undefined {
    const known = this.#modes()[`${service} ${environment}`];
    return known === "fail-open" || known === "fail-closed" ? known : undefined;
  }

  /** Written only where it is another than before. */
  remember(service: string, environment: string, mode: Unreachable): void {
    if (this.mode(service, environment) === mode) return;
    this.#write("modes.json", { ...this.#modes(), [`${service} ${environment}`]: mode });
  }

  put(request: GateRequest): void {
    this.#write(`${request.spooled?.at.replaceAll(":", "") ?? ""}-${request.id}.ask`, request);
  }

  /** Oldest first. Files that hold no question are left alone and named in `damaged`. */
  waiting(): { readonly requests: readonly GateRequest[]; readonly damaged: readonly string[] } {
    const requests: GateRequest[] = [];
    const damaged: string[] = [];
    for (const name of this.#names()) {
      try {
        requests.push(gateRequest.parse(JSON.parse(readFileSync(join(this.folder, name), "utf8"))));
      } catch {
        damaged.push(join(this.folder, name));
      }
    }
    return { requests, damaged };
  }

  told(request: GateRequest): void {
    const name = this.#names().find((item) => item.endsWith(`-${request.id}.ask`));
    if (name !== undefined) rmSync(join(this.folder, name), { force: true });
  }

  #names(): readonly string[] {
    try {
      return readdirSync(this.folder)
        .filter((name) => name.endsWith(".ask"))
        .sort();
    } catch {
      return [];
    }
  }

  #modes(): Readonly<Record<string, unknown>> {
    try {
      const found: unknown = JSON.parse(readFileSync(join(this.folder, "modes.json"), "utf8"));
      return typeof found === "object" && found !== null ? { ...found } : {};
    } catch {
      return {};
    }
  }

  /** There as a whole or not at all, also after the power failed. */
  #write(name: string, value: unknown): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const file = join(this.folder, name);
    const partial = `${file}.${process.pid}.partial`;
    const handle = openSync(partial, "w", 0o600);
    try {
      writeSync(handle, JSON.stringify(value));
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(partial, file);
  }
}
