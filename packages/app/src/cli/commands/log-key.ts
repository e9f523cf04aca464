/** `countermand log-key`: the keys that sign the log: make, follow, retire, seal. */
import {
  announcedKeys,
  formatRotation,
  logKeysOf,
  maxOverlap,
  rotationReasons,
} from "@countermand/record";
import { formatTrust } from "@countermand/tlog";
import { Command } from "commander";
import { count } from "../../undo/text.ts";
import type { Context, LedgerOptions } from "../context.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { say, Texts } from "../say.ts";
import { sshSigner } from "../ssh-signer.ts";
import { plain } from "../terminal.ts";
import { tellAccepted, withLedger } from "./shared.ts";

type Options = Pick<LedgerOptions, "data">;
const dataHelp = "the ledger's folder (or COUNTERMAND_DATA; .countermand)";

export function logKeyCommand(context: Context): Command {
  return new Command("log-key")
    .summary("the keys that sign the log: a next one, an overlap, a passphrase")
    .description(
      "A log is known by its origin; its keys follow one another by the number of entries. Make the next key, give it to every server that appends, announce it with `rotate`, and give everybody who verifies the new trust file. docs/operations/log-keys.md says it step by step.",
    )
    .addCommand(newCommand(context))
    .addCommand(rotateCommand(context))
    .addCommand(retireCommand(context))
    .addCommand(trustCommand(context))
    .addCommand(secondCommand(context))
    .addCommand(sealCommand(context, "encrypt"))
    .addCommand(sealCommand(context, "decrypt"))
    .addCommand(passphraseCommand(context));
}

function newCommand(context: Context): Command {
  return new Command("new")
    .summary("make the key that will follow, in keys/next.key")
    .description(
      "Makes a key and announces nothing. In a folder without a ledger it makes the first key of the log that --origin names, so that a log which is to be closed can name its successor; `countermand init --origin` opens the ledger with it later.",
    )
    .option("--data <folder>", dataHelp)
    .option("--origin <name>", "in a folder without a ledger: the name of the log to come")
    .action(async (options: Options & { origin?: string }) => {
      context.out(`${await context.newLogKey(options, options.origin)}\n`);
    });
}

function secondCommand(context: Context): Command {
  return new Command("second")
    .summary("a second, post-quantum line on every checkpoint: make its key, or show it")
    .description(
      "Makes keys/second.key (ML-DSA-44), if it is not there, and prints its verifier key. From its next start on a server with that file signs each checkpoint with it, too, beside the log's key. Who is given the verifier key demands both: countermand verify --second-key. Give the file to every server that appends.",
    )
    .option("--data <folder>", dataHelp)
    .action(async (options: Options) => {
      context.out(`${await context.secondLogKey(options)}\n`);
    });
}

interface Rotate extends Options {
  readonly key?: string;
  readonly overlap?: string;
  readonly reason: string;
}

function rotateCommand(context: Context): Command {
  return new Command("rotate")
    .summary("announce keys/next.key in the ledger: it signs from that entry on")
    .description(
      "An administrator signs it, and both keys do. From this entry on the new key signs; the old one signs, too, until the overlap is over, so that who knows only it can still verify. Run it in the data folder that has both keys while no server runs on it. A compromised key has no overlap: what it signs afterwards is refused.",
    )
    .option("--data <folder>", dataHelp)
    .option("--key <path>", "the administrator's SSH key, or its .pub for an agent")
    .option("--overlap <entries>", "for how many more entries the old key signs (1000)")
    .option("--reason <why>", `one of ${rotationReasons.join(", ")}`, "scheduled")
    .action(async (options: Rotate) => {
      const reason = rotationReasons.find((one) => one === options.reason);
      if (reason === undefined) throw usage(`--reason is one of ${rotationReasons.join(", ")}.`);
      const overlap = overlapOf(options.overlap, reason === "compromised");
      const signer = sshSigner(context, options.key);
      const keys = await context.openKeys(options);
      try {
        const { countermand, held } = keys;
        const next = held.next;
        if (next === undefined) {
          throw usage("There is no keys/next.key; make it with `countermand log-key new`.");
        }
        const { origin, registry } = await countermand.instance();
        const announced = announcedKeys(registry);
        if (announced.some((one) => one.vkey === next)) {
          throw new CommandError(
            exitCodes.finding,
            `${next} is announced already; when the old key's time is over, \`countermand log-key retire\`.`,
          );
        }
        const old = held.current;
        const note = await keys.signWithBoth(
          formatRotation({ origin, old, next, overlap, reason }),
        );
        const speaker = { context, countermand, signer };
        const accepted = await say(
          speaker,
          registry,
          "log-key-rotated",
          undefined,
          { note },
          new Texts(),
        );
        tellAccepted(context, accepted);
        const after = await countermand.instance();
        context.out(
          `${plain(next)} signs now${overlap === 0 ? ", alone" : `; the old key too for ${count(overlap, "more entry", "more entries")}`}.\nThe new trust file, for everybody who verifies:\n\n${formatTrust(logKeysOf(after.registry))}`,
        );
      } finally {
        await keys.close();
      }
    });
}

function overlapOf(text: string | undefined, compromised: boolean): number {
  if (compromised) {
    if (text === undefined || text === "0") return 0;
    throw usage("A compromised key has no overlap: leave --overlap out.");
  }
  const overlap = text === undefined ? 1000 : Number(text);
  if (/^\d{1,10}$/.test(text ?? "1000") && overlap <= maxOverlap) return overlap;
  throw usage(`--overlap is a whole number of entries, at most ${maxOverlap}.`);
}

function retireCommand(context: Context): Command {
  return new Command("retire")
    .summary("put keys/next.key in the place of keys/log.key, whose time is over")
    .description(
      "The old key's file is gone afterwards, so it cannot be stolen any more. Refused while the old key still signs, unless --now says that this server shall sign with the new one alone.",
    )
    .option("--data <folder>", dataHelp)
    .option("--now", "although the overlap is not over")
    .action(async (options: Options & { now?: true }) => {
      const keys = await context.openKeys(options);
      try {
        const { held, size, countermand } = keys;
        const { registry } = await countermand.instance();
        const announced = announcedKeys(registry);
        if (held.next === undefined) throw usage("There is no keys/next.key: nothing to retire.");
        if (announced.at(-1)?.vkey !== held.next) {
          throw new CommandError(
            exitCodes.finding,
            "keys/next.key is not announced: `countermand log-key rotate` first. Nothing was changed.",
          );
        }
        const until = announced.find((one) => one.vkey === held.current)?.until ?? 0;
        if (until > size && options.now !== true) {
          throw new CommandError(
            exitCodes.finding,
            `The old key signs until the log has ${until} entries, and it has ${size}. Nothing was changed; --now retires it here all the same.`,
          );
        }
        await keys.retire();
        context.out(`keys/log.key is ${plain(held.next)} now; the old key is gone.\n`);
      } finally {
        await keys.close();
      }
    });
}

function trustCommand(context: Context): Command {
  return new Command("trust")
    .summary("print the log's keys and the sizes that each may sign, as a trust file")
    .description(
      "What the ledger says of its own keys. Compare it with what you know from elsewhere before you trust it; then give it to verify, mirror and monitor with --trust.",
    )
    .option("--data <folder>", dataHelp)
    .option("--server <url>", "ask this server (or COUNTERMAND_SERVER)")
    .action(async (options: LedgerOptions) => {
      await withLedger(context, options, async ({ countermand }) => {
        const { registry } = await countermand.instance();
        context.out(formatTrust(logKeysOf(registry)));
      });
    });
}

function sealCommand(context: Context, name: "encrypt" | "decrypt"): Command {
  const seals = name === "encrypt";
  return new Command(name)
    .summary(seals ? "seal the key files with a passphrase" : "take the passphrase off")
    .description(
      `${seals ? "Seals" : "Opens"} log.key, next.key and system.key with the passphrase that COUNTERMAND_KEY_PASSPHRASE_FILE, COUNTERMAND_KEY_ASKPASS or COUNTERMAND_KEY_PASSPHRASE gives, as the server will read it. Run it while no server runs on the folder.`,
    )
    .option("--data <folder>", dataHelp)
    .action(async (options: Options) => {
      const files = await context.sealKeys(options, { kind: seals ? "seal" : "open" });
      for (const file of files) {
        context.out(`${plain(file)} is ${seals ? "sealed" : "not sealed any more"}.\n`);
      }
    });
}

function passphraseCommand(context: Context): Command {
  return new Command("passphrase")
    .summary("change the passphrase of the key files")
    .description(
      "The old passphrase comes from the environment as ever, the new one from a file. Killed in between, run it again.",
    )
    .requiredOption("--new <file>", "whose first line is the new passphrase; mode 0600")
    .option("--data <folder>", dataHelp)
    .action(async (options: Options & { new: string }) => {
      const files = await context.sealKeys(options, { kind: "change", file: options.new });
      for (const file of files) context.out(`${plain(file)} has the new passphrase.\n`);
    });
}
