/** `countermand witness`: cosigns the checkpoints of logs that it follows, for anyone to run. */
import { once } from "node:events";
import { resolve } from "node:path";
import { Command } from "commander";
import type { Context } from "../context.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { plain } from "../terminal.ts";
import { collect } from "./shared.ts";

interface ServeChoices {
  readonly key?: readonly string[];
  readonly logs?: string;
  readonly state?: string;
  readonly host: string;
  readonly port: string;
  readonly prefix: string;
}

export function witnessCommand(context: Context): Command {
  return new Command("witness")
    .enablePositionalOptions()
    .summary("cosign the checkpoints of other people's logs (C2SP tlog-witness)")
    .description(
      "Answers add-checkpoint: cosigns a log's checkpoint if it extends the one that was cosigned last, and remembers it on the disk before it answers. The list of logs has `log <verifier key>` lines and is read again when it changes. docs/operations/witnesses.md says how to run one.",
    )
    .option("--key <file>", "the witness's key; repeat it to sign with two", collect)
    .option("--logs <file>", "the logs that it knows, one `log <verifier key>` a line")
    .option("--state <folder>", "where it keeps what it has seen; never put an old copy back")
    .option("--host <host>", "the address to listen on", "127.0.0.1")
    .option("--port <port>", "the port to listen on", "7411")
    .option("--prefix <path>", "the path under which it answers, like /witness", "")
    .action((options: ServeChoices) => serveWitness(context, options))
    .addCommand(
      new Command("init")
        .summary("make a witness's key")
        .requiredOption("--name <name>", "a URL without scheme, such as witness.example.com")
        .requiredOption("--key <file>", "where the key goes; a file that is there is never touched")
        .action(async ({ name, key }: { name: string; key: string }) => {
          const { createWitnessKey } = await import("../../witness/key-file.ts");
          const { vkey } = await createWitnessKey(resolve(context.cwd, key), name, clock(context));
          context.out(`${vkey}\n`);
          context.err(
            `That is the verifier key, for the policies of those who ask this witness. ${plain(key)} is the key itself: keep it to yourself.\n`,
          );
        }),
    );
}

function clock(context: Context): () => number {
  return () => Math.floor(context.now().getTime() / 1000);
}

async function serveWitness(context: Context, options: ServeChoices): Promise<void> {
  const { key: files = [], logs: list, state, host, port, prefix } = options;
  if (files.length === 0 || list === undefined || state === undefined) {
    throw usage(
      "A witness needs --key FILE, --logs FILE and --state FOLDER; `countermand witness init` makes a key.",
    );
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw usage("--port is a whole number from 0 to 65535.");
  }
  if (!/^(?:\/[A-Za-z0-9._~-]{1,100}){0,8}$/.test(prefix)) {
    throw usage("--prefix is a path like /witness, without a slash at its end.");
  }
  const [{ readWitnessKey }, { LogList }, { openSeenStore }, { Witness }, { witnessServer }] =
    await Promise.all([
      import("../../witness/key-file.ts"),
      import("../../witness/log-list.ts"),
      import("../../witness/seen-store.ts"),
      import("../../witness/witness.ts"),
      import("../../witness/http.ts"),
    ]);
  const report = (line: string) =>
    context.err(`${context.now().toISOString()} ${plain(line, 500)}\n`);
  const keys = await Promise.all(
    files.map((file) => readWitnessKey(resolve(context.cwd, file), clock(context))),
  );
  const logs = await LogList.open(resolve(context.cwd, list), report);
  const store = openSeenStore(resolve(context.cwd, state));
  try {
    const witness = new Witness({ keys, store, logs: () => logs.current(), report });
    const server = witnessServer(witness, { prefix, report });
    server.listen(Number(port), host);
    await once(server, "listening").catch((error: unknown) => {
      throw new CommandError(
        exitCodes.couldNot,
        `Cannot listen on ${host}, port ${port}: ${(error as Error).message}.`,
      );
    });
    const address = server.address();
    const at = typeof address === "object" && address !== null ? address.port : port;
    const known = (await logs.current()).size;
    context.out(
      `The witness ${keys.map(({ name }) => plain(name)).join(", ")} answers on http://${host.includes(":") ? `[${host}]` : host}:${at}${prefix} and knows ${known} ${known === 1 ? "log" : "logs"}\n${keys.map(({ vkey }) => `${vkey}\n`).join("")}`,
    );
    if (!context.interrupted.aborted) {
      await new Promise((end) =>
        context.interrupted.addEventListener("abort", end, { once: true }),
      );
    }
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  } finally {
    store.close();
  }
}
