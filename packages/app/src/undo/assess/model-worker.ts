/** A worker thread of model-pool.ts: takes files, gives what the heavy models read in them. */
import { parentPort } from "node:worker_threads";
import { heavyModels } from "../models/heavy.ts";
import { Unread } from "../models/model.ts";
import type { Side } from "../rules/rule.ts";

export type Job = {
  readonly file: number;
  readonly model: string;
  readonly side: Side;
  readonly path: string;
  readonly text: string;
};

export type Parsed = { readonly file: number; readonly model: string; readonly side: Side } & (
  | { readonly value: unknown }
  | { readonly unread: string }
);

async function parse(jobs: readonly Job[]): Promise<Parsed[]> {
  const parsed: Parsed[] = [];
  for (const { model, reads, prepare } of heavyModels) {
    const mine = jobs.filter((job) => job.model === model.id && reads(job.path));
    if (mine.length === 0) continue;
    await prepare(mine.map(({ path }) => path));
    for (const { file, side, path, text } of mine) {
      const value = model.parse(text, path);
      const at = { file, model: model.id, side };
      parsed.push(value instanceof Unread ? { ...at, unread: value.reason } : { ...at, value });
    }
  }
  return parsed;
}

parentPort?.on("message", (jobs: readonly Job[]) => {
  void parse(jobs).then(
    (parsed) => parentPort?.postMessage(parsed, []),
    // An error here is ours, not the file's: the thread ends and the pool says so.
    (error: unknown) => {
      throw error;
    },
  );
});
