/** `npm start [-- REPO]`: the server, with the repository audited into it. */
import { runProgram } from "../cli/program.ts";
import { processContext } from "./context.ts";

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => interrupted.abort(new Error(signal)));
}
const args = process.argv.slice(2);
// The repository comes first; options of `serve` may follow or stand alone.
const repository = args[0]?.startsWith("-") === false ? args.shift() : ".";
const argv = ["serve", "--audit", repository ?? ".", ...args];
process.exitCode = await runProgram(processContext(interrupted.signal), argv);
