/**
 * A witness as a process that may kill itself between two steps:
 *   node -C source witness-child.ts '{"key":…,"logs":…,"state":…,"step":…}'
 * Says its port on standard output.
 */
import { once } from "node:events";
import { writeSync } from "node:fs";
import { witnessServer } from "../http.ts";
import { readWitnessKey } from "../key-file.ts";
import { LogList } from "../log-list.ts";
import { openSeenStore } from "../seen-store.ts";
import { Witness, type WitnessStep } from "../witness.ts";

interface Order {
  readonly key: string;
  readonly logs: string;
  readonly state: string;
  readonly step?: WitnessStep;
}

const { key, logs: file, state, step } = JSON.parse(process.argv[2] ?? "") as Order;
const report = (line: string) => void writeSync(2, `${line}\n`);
const logs = await LogList.open(file, report);
const die = (at: WitnessStep) => {
  if (at === step) process.kill(process.pid, "SIGKILL");
};
const witness = new Witness({
  keys: [await readWitnessKey(key, () => Math.floor(Date.now() / 1000))],
  store: openSeenStore(state),
  logs: () => logs.current(),
  report,
  onStep: die,
});
const server = witnessServer(witness, { report, onAnswered: () => die("answered") });
server.listen(0, "127.0.0.1");
await once(server, "listening");
writeSync(1, `${(server.address() as { port: number }).port}\n`);
