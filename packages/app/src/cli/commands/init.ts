/** `countermand init`: open a ledger and enrol your SSH key as its first administrator. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { Command } from "commander";
import {
  defaultPolicy,
  permissions,
  textField,
  type Policy,
  type Predecessor,
} from "@countermand/record";
import { openCheckpoint, parseVerifierKey } from "@countermand/tlog";
import type { Context } from "../context.ts";
import { usage } from "../exit.ts";
import { Texts } from "../say.ts";
import { sshSigner } from "../ssh-signer.ts";
import { style } from "../terminal.ts";
import { personBody } from "./person.ts";
import { collect, speakOptions, withLedger, type SpeakOptions } from "./shared.ts";

interface InitOptions extends SpeakOptions {
  readonly origin?: string;
  readonly name?: string;
  readonly email?: readonly string[];
  readonly id?: string;
  readonly predecessor?: string;
  readonly predecessorKey?: string;
  readonly approvals: string;
}

export function initCommand(context: Context): Command {
  const command = new Command("init")
    .summary("open a ledger; you become its first administrator")
    .description(
      "Opens a ledger: makes its log key and its system key, and records you, by your SSH public key, as the first administrator. A ledger is opened once.",
    )
    .option(
      "--origin <name>",
      "the ledger's name for ever: a URL without scheme, such as audit.example.com/rollbacks",
    )
    .option(
      "--predecessor <file>",
      "the last checkpoint of a closed log that goes on here; with --predecessor-key",
    )
    .option("--predecessor-key <key>", "that log's verifier key, as you know it from elsewhere")
    .option("--name <name>", "your name, kept beside the ledger (git's user.name)")
    .option("--email <address>", "your mail address in git, repeatable (git's user.email)", collect)
    .option("--id <id>", "your id in the ledger; opaque by default")
    .option(
      "--approvals <n>",
      "how many others must approve a rollback",
      String(defaultPolicy.approvals),
    );
  return speakOptions(command).action(async (options: InitOptions) => {
    const approvals = Number(options.approvals);
    if (!Number.isInteger(approvals) || approvals < 1 || approvals > 10) {
      throw usage("--approvals is a whole number from 1 to 10.");
    }
    const signer = sshSigner(context, options.key);
    const texts = new Texts();
    const [name, email] = await Promise.all([
      options.name ?? gitConfig(context, "user.name"),
      options.email ?? gitConfig(context, "user.email"),
    ]);
    const administrator = personBody(
      context,
      {
        publicKey: signer.publicKey,
        kind: "human",
        may: permissions,
        ...(options.id === undefined ? {} : { id: options.id }),
        ...(name === undefined ? {} : { name }),
        email: typeof email === "string" ? [email] : (email ?? []),
      },
      texts,
    );
    const predecessor = await predecessorOf(context, options);
    const policy: Policy = { ...defaultPolicy, approvals };
    await withLedger(context, options, async ({ countermand, place }) => {
      const instance = await countermand.openLedger({
        origin: options.origin ?? defaultOrigin(),
        policy,
        administrator,
        openings: texts.openings,
        ...(predecessor === undefined ? {} : { predecessor }),
      });
      context.out(
        [
          `${style(context, "bold", instance.origin)} is open in ${place}.`,
          `You are ${textField(administrator, "id")}, its first administrator, with the key ${signer.fingerprint}.`,
          `Log key, to give to whoever will verify your packages:`,
          `  ${instance.logKey}`,
          "",
          `${style(context, "bold", "Next")}: enrol somebody who can approve, then propose.`,
          `  countermand person add --name 'Bo' --public-key bo.pub`,
          `  countermand propose`,
          "",
        ].join("\n"),
      );
    });
  });
}

/** Opened with the key that the caller knows: its root is what the new log's first entry names. */
async function predecessorOf(
  context: Context,
  { predecessor: file, predecessorKey: key }: InitOptions,
): Promise<Predecessor | undefined> {
  if (file === undefined && key === undefined) return undefined;
  if (file === undefined || key === undefined) {
    throw usage("--predecessor and --predecessor-key are given together; one of them is missing.");
  }
  try {
    const note = await readFile(resolve(context.cwd, file));
    const { name } = parseVerifierKey(key);
    const { origin, size, root } = await openCheckpoint(note, [parseVerifierKey(key)], name);
    return { origin, logKey: key, size, root: Buffer.from(root).toString("base64") };
  } catch (error) {
    throw usage(`The predecessor's checkpoint ${file}: ${(error as Error).message}.`);
  }
}

/** Unlike any other ledger's, so that a statement made for one means nothing in another. */
function defaultOrigin(): string {
  const host = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, "-");
  return `${/^[a-z0-9]/.test(host) ? host : "localhost"}/rollbacks-${randomBytes(4).toString("hex")}`;
}

async function gitConfig(context: Context, key: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)("git", ["config", "--get", key], {
      cwd: context.cwd,
      env: { ...context.env },
    });
    return stdout.trim() === "" ? undefined : stdout.trim();
  } catch {
    // No git here, or nothing configured: the person stays unnamed.
    return undefined;
  }
}
