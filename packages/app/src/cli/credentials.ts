/**
 * The sessions of this user's command line, one a server, in a file that only this
 * user can read: `credentials.json` in the XDG configuration folder. Who gets it
 * can read what this user may read, until the session ends; nobody can decide
 * with it.
 */
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Context } from "./context.ts";
import { CommandError, exitCodes } from "./exit.ts";

const credential = z.object({
  token: z.string().regex(/^cms_[A-Za-z0-9_-]{43}$/),
  endsAt: z.iso.datetime(),
});
const form = z.record(z.url(), credential);
export type Credential = z.infer<typeof credential>;

type World = Pick<Context, "env" | "now">;

export function credentialsFile({ env }: Pick<Context, "env">): string {
  const config = env["XDG_CONFIG_HOME"];
  const base =
    config === undefined || config === "" ? join(env["HOME"] ?? homedir(), ".config") : config;
  return join(base, "countermand", "credentials.json");
}

/** The session for this server that has not ended. */
export function findCredential(context: World, server: URL): Credential | undefined {
  const found = read(context)[server.origin];
  return found !== undefined && found.endsAt > context.now().toISOString() ? found : undefined;
}

/** Keeps a session for this server, or with undefined forgets it; ended ones go too. */
export function keepCredential(context: World, server: URL, kept: Credential | undefined): void {
  const now = context.now().toISOString();
  const all = Object.entries(read(context)).filter(
    ([origin, { endsAt }]) => origin !== server.origin && endsAt > now,
  );
  if (kept !== undefined) all.push([server.origin, kept]);
  write(credentialsFile(context), `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
}

function read(context: World): z.infer<typeof form> {
  const file = credentialsFile(context);
  let text: string;
  try {
    const { mode, size } = statSync(file);
    if ((mode & 0o077) !== 0 && process.platform !== "win32") {
      throw broken(file, "others may read it; end its sessions, then `chmod 600` it or remove it");
    }
    if (size > 1024 * 1024) throw broken(file, "it is larger than 1 MB; remove it");
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error instanceof CommandError
      ? error
      : broken(file, `it cannot be read (${(error as NodeJS.ErrnoException).code})`, error);
  }
  try {
    return form.parse(JSON.parse(text));
  } catch (cause) {
    throw broken(file, "it is not what `countermand login` writes; remove it", cause);
  }
}

/** There as a whole or not at all, and never readable by others, not even for a moment. */
function write(file: string, text: string): void {
  const partial = `${file}.${process.pid}.partial`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(partial, text, { mode: 0o600, flag: "wx" });
    chmodSync(partial, 0o600);
    renameSync(partial, file);
  } catch (cause) {
    rmSync(partial, { force: true });
    throw broken(file, `it cannot be written (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
}

function broken(file: string, problem: string, cause?: unknown): CommandError {
  return new CommandError(exitCodes.couldNot, `The sessions in ${file}: ${problem}.`, { cause });
}
