/**
 * Signing goes through `ssh-keygen -Y sign`, so key files with a passphrase,
 * agents and security keys all work, and no private key enters this process.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import {
  fingerprint,
  formatPublicKeyLine,
  parseArmor,
  parsePublicKeyLine,
} from "@countermand/record";
import type { Context } from "./context.ts";
import { CommandError, exitCodes, usage } from "./exit.ts";

export interface SshSigner {
  readonly fingerprint: string;
  /** One authorized_keys line without a comment. */
  readonly publicKey: string;
  /** The SSHSIG blob over `message`. May ask for a passphrase or a touch. */
  sign(namespace: string, message: Uint8Array): Promise<Uint8Array>;
}

const defaults = ["id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa"];

/**
 * The signer for `--key`, else `COUNTERMAND_KEY`, else the first usual key in
 * ~/.ssh. A path to a `.pub` file signs through the agent.
 */
export function sshSigner(context: Context, key: string | undefined): SshSigner {
  const path = findKey(context, key);
  const publicPath = path.endsWith(".pub") ? path : `${path}.pub`;
  let line: string;
  try {
    line = readFileSync(existsSync(publicPath) ? publicPath : path, "utf8");
  } catch (error) {
    throw new CommandError(
      exitCodes.usage,
      `The public key of ${path} cannot be read; ${publicPath} should be there (ssh-keygen -y makes it).`,
      { cause: error },
    );
  }
  const blob = readPublicKey(line, publicPath);
  return {
    fingerprint: fingerprint(blob),
    publicKey: formatPublicKeyLine(blob),
    async sign(namespace, message) {
      const armored = await run(
        context,
        ["-Y", "sign", "-q", "-f", path, "-n", namespace],
        message,
        path,
      );
      return parseArmor(armored);
    },
  };
}

/** The blob of a public key line, with or without a comment. */
export function readPublicKey(text: string, where: string): Uint8Array {
  const [type, base64] = text.trim().split(/\s+/, 3);
  if (type === undefined || base64 === undefined || text.trim().includes("\n")) {
    throw usage(`${where} does not hold one SSH public key line such as "ssh-ed25519 AAAA…".`);
  }
  return parsePublicKeyLine(`${type} ${base64}`);
}

function findKey(context: Context, key: string | undefined): string {
  const home = context.env["HOME"] ?? homedir();
  const named = key ?? context.env["COUNTERMAND_KEY"];
  if (named !== undefined && named !== "") {
    const path = resolve(context.cwd, named.replace(/^~(?=\/)/, home));
    if (!existsSync(path)) throw usage(`The key ${path} does not exist.`);
    return path;
  }
  for (const name of defaults) {
    const path = join(home, ".ssh", name);
    if (existsSync(path) || existsSync(`${path}.pub`))
      return existsSync(path) ? path : `${path}.pub`;
  }
  throw usage(
    "No SSH key was found in ~/.ssh. Make one with `ssh-keygen -t ed25519`, or name one with --key or COUNTERMAND_KEY.",
  );
}

async function run(
  context: Context,
  args: readonly string[],
  input: Uint8Array,
  path: string,
): Promise<string> {
  const child = spawn("ssh-keygen", args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...context.env, LC_ALL: "C" },
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number | null>((done, fail) => {
    child.on("error", (error) =>
      fail(
        new CommandError(
          exitCodes.couldNot,
          "ssh-keygen was not found; install OpenSSH's client.",
          {
            cause: error,
          },
        ),
      ),
    );
    child.on("close", done);
  });
  if (code !== 0) {
    throw new CommandError(
      exitCodes.couldNot,
      `ssh-keygen could not sign with ${path}; nothing was sent.`,
    );
  }
  return Buffer.concat(output).toString("utf8");
}
