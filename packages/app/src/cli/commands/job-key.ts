/**
 * `countermand job-key RB --as WORKLOAD`: in a pipeline's job. Makes a key that
 * only this job has, shows the pipeline's identity token for it, and from there
 * the job speaks about this record until the token ends. Nothing worth stealing
 * lies in the pipeline's settings.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { maxTokenLength, workloadAudience, type JsonObject } from "@countermand/record";
import { issuerKeys } from "../../identity/issuer-keys.ts";
import type { Context, LedgerOptions } from "../context.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { say, Texts } from "../say.ts";
import { sshSigner } from "../ssh-signer.ts";
import { plain } from "../terminal.ts";
import { ledgerOptions, refuseEarly, tellAccepted, withLedger } from "./shared.ts";

interface JobKeyOptions extends LedgerOptions {
  readonly as: string;
  readonly key: string;
  readonly token?: string;
  readonly audience?: true;
}

export function jobKeyCommand(context: Context): Command {
  const command = new Command("job-key")
    .summary("in a pipeline's job: bring a key of its own for one record")
    .argument("<record>", "for instance RB-2026-7")
    .requiredOption("--as <workload>", "the id under which an administrator bound the pipeline")
    .option("--key <file>", "where the key is, or is made", "countermand-job-key")
    .option("--token <file>", "a file with the identity token (in GitHub Actions it is asked for)")
    .option("--audience", "only say which audience the token must be for")
    .addHelpText(
      "after",
      `
An administrator binds the pipeline first:
  countermand person bind-workload ci --issuer https://token.actions.githubusercontent.com \\
    --claim repository_id=4711 --claim job_workflow_ref=shop/ci/.github/workflows/verify.yml@refs/heads/main

In GitHub Actions the job needs \`permissions: id-token: write\`; then:
  countermand job-key RB-2026-7 --as ci
  COUNTERMAND_KEY=countermand-job-key countermand check RB-2026-7 smoke passed

Elsewhere ask for the audience, fetch a token for exactly that one, and give it with --token.`,
    );
  return ledgerOptions(command).action(async (id: string, options: JobKeyOptions) => {
    const file = resolve(context.cwd, options.key);
    makeKey(file);
    const signer = sshSigner(context, file);
    await withLedger(context, options, async ({ countermand }) => {
      const { registry } = await countermand.instance();
      const audience = workloadAudience(registry.instance, id, signer.fingerprint);
      if (options.audience === true) {
        context.out(`${audience}\n`);
        return;
      }
      const { state } = await countermand.record(id);
      refuseEarly("workload-key", state);
      const token =
        options.token === undefined
          ? await fromGitHub(context, audience)
          : readToken(resolve(context.cwd, options.token));
      const { issuer, expiresAt } = claimsOf(token);
      const keys = await countermand.putArtefact(await issuerKeys(context.now).fetchKeys(issuer));
      const texts = new Texts();
      const body: JsonObject = {
        record: id,
        newKey: { fingerprint: signer.fingerprint, line: signer.publicKey },
        issuer,
        token: texts.commit(token),
        keys: { ...keys },
        expiresAt,
      };
      const speaker = { context, countermand, signer };
      const accepted = await say(speaker, registry, "workload-key", state, body, texts, options.as);
      tellAccepted(context, accepted);
      context.out(`Until ${expiresAt} sign with --key ${plain(options.key)} about ${id}.\n`);
    });
  });
}

/** Of this job alone: it is not kept anywhere else, and ends with its token. */
function makeKey(file: string): void {
  if (existsSync(file)) return;
  const made = spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "job", "-f", file], {
    encoding: "utf8",
  });
  if (made.status !== 0) {
    throw new CommandError(
      exitCodes.couldNot,
      `ssh-keygen could not make ${plain(file)}: ${plain(made.stderr || String(made.error), 300)}`,
    );
  }
}

function readToken(file: string): string {
  try {
    const token = readFileSync(file, "utf8").trim();
    if (token.length <= maxTokenLength) return token;
    throw usage(`${plain(file)} has ${token.length} characters; an identity token has fewer.`);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw usage(`${plain(file)} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** https://docs.github.com/actions/security-for-github-actions: the job's own endpoint, and the token to ask it with. */
async function fromGitHub(context: Context, audience: string): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } =
    context.env;
  if (address === undefined || bearer === undefined) {
    throw usage(
      "No identity token: give --token FILE, or in GitHub Actions let the job have `permissions: id-token: write`.",
    );
  }
  const url = new URL(address);
  url.searchParams.set("audience", audience);
  const answer = await fetch(url, {
    headers: { authorization: `Bearer ${bearer}` },
    redirect: "error",
    signal: AbortSignal.timeout(10_000),
  }).catch((cause: unknown) => {
    throw new CommandError(exitCodes.couldNot, `${url.origin} does not answer with a token.`, {
      cause,
    });
  });
  const found: unknown = answer.ok ? await answer.json() : undefined;
  const token = (found as { value?: unknown } | undefined)?.value;
  if (typeof token === "string" && token.length <= maxTokenLength) return token;
  throw new CommandError(
    exitCodes.couldNot,
    `${url.origin} answers ${answer.status} and no identity token.`,
  );
}

/** What the token says of itself; whether it is true, the server checks. */
function claimsOf(token: string): { readonly issuer: string; readonly expiresAt: string } {
  try {
    const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
    const { iss, exp } = JSON.parse(payload) as { iss?: unknown; exp?: unknown };
    if (typeof iss === "string" && typeof exp === "number") {
      return { issuer: iss, expiresAt: new Date(exp * 1000).toISOString() };
    }
  } catch {
    // Told below.
  }
  throw usage("That is no identity token: it has no issuer or no end.");
}
