/** The command line as a process: signals, streams, exit code. */
import { runProgram } from "../cli/program.ts";
import { processContext } from "./context.ts";

const interrupted = new AbortController();
process.once("SIGINT", () => {
  interrupted.abort(new Error("interrupted"));
  // A second Ctrl-C ends the process at once, as people expect.
});
process.once("SIGTERM", () => interrupted.abort(new Error("terminated")));
// `countermand … | head` closes the pipe: that is not an error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exitCode = 0;
  interrupted.abort(error);
});

// That the runtime calls its ML-DSA-44 experimental is for us to know, and is in the docs.
process.removeAllListeners("warning");
process.on("warning", ({ name, message }) => {
  if (name === "ExperimentalWarning" && /ML-DSA-44|getPublicKey/.test(message)) return;
  process.stderr.write(`${name}: ${message}\n`);
});

process.exitCode = await runProgram(processContext(interrupted.signal), process.argv.slice(2));
