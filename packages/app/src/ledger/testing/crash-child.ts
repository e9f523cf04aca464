/**
 * A process that submits notes and kills itself at a step of the commit path:
 *   node -C source crash-child.ts '{"location":…,"markFolder":…,"step":…,"times":…}'
 * Each acknowledged note is a line `<index> <text>` on standard output, written
 * before the next is submitted.
 */
import { writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { openDatabase, type DatabaseLocation } from "../../storage/open.ts";
import { LedgerError } from "../error.ts";
import type { Receipt, Step } from "../ledger.ts";
import { openLedger } from "../open-ledger.ts";
import { type NoteCommand, notes } from "./notes.ts";
import { origin, testSigner } from "./test-signer.ts";

interface Order {
  readonly location: DatabaseLocation;
  readonly markFolder: string;
  readonly step: Step;
  /** The step is fatal when it comes for this time. */
  readonly times: number;
  /** Takes the log as it is, without a mark; and begins the ids of its notes with this. */
  readonly name?: string;
}

const { location, markFolder, step, times, name } = JSON.parse(process.argv[2] ?? "") as Order;
const database = await openDatabase(location);
let countdown = times;
const ledger = await openLedger({
  database,
  signer: await testSigner(origin),
  decider: notes,
  markFolder,
  adopt: name !== undefined,
  onStep(at) {
    if (at === step && --countdown === 0) process.kill(process.pid, "SIGKILL");
  },
});

/** What was not recorded because a connection was lost is submitted again. */
async function submit(note: NoteCommand): Promise<readonly Receipt[]> {
  for (;;) {
    try {
      return (await ledger.submit(note)).receipts;
    } catch (error) {
      if (!(error instanceof LedgerError) || error.code !== "not-recorded") throw error;
      await setTimeout(50);
    }
  }
}

/** Four at once, each on its own: batches of several sizes. */
await Promise.all(
  [0, 1, 2, 3].map(async (lane) => {
    for (let i = 0; i < 500; i++) {
      const text = `note ${name ?? ""}${lane}-${i}`;
      const receipts = await submit({ id: text.slice("note ".length), text });
      writeSync(1, `${receipts[0]?.index} ${text}\n`);
    }
  }),
);
