/**
 * Fills `Models` with what the heavy models read, before the rules run. Little
 * text is parsed here and now, lazily; much text by worker threads, a batch
 * each, so that a server's event loop stays free and two cores are used. The
 * result is the same either way.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { heavyModels } from "../models/heavy.ts";
import { type Models, type Sided, Unread } from "../models/model.ts";
import type { Side } from "../rules/rule.ts";
import type { Job, Parsed } from "./model-worker.ts";

/** A thread takes about as long to start as half a megabyte of source takes to parse. */
const worthThreads = 1024 * 1024;
const batchLength = 256 * 1024;
const mostThreads = 4;

const sides = ["before", "after"] as const satisfies readonly Side[];

export async function readHeavyModels(
  models: Models,
  files: readonly Sided[],
  signal?: AbortSignal,
): Promise<void> {
  const jobs: Job[] = [];
  for (const { model, reads } of heavyModels) {
    for (const [file, { path, ...texts }] of files.entries()) {
      if (!reads(path)) continue;
      for (const side of sides) {
        const text = texts[side];
        if (text !== undefined) jobs.push({ file, model: model.id, side, path, text });
      }
    }
  }
  if (jobs.length === 0) return;
  const length = jobs.reduce((sum, { text }) => sum + text.length, 0);
  if (length < worthThreads) {
    for (const { model, reads, prepare } of heavyModels) {
      const paths = jobs.filter((job) => job.model === model.id && reads(job.path));
      if (paths.length > 0) await prepare(paths.map(({ path }) => path));
    }
    return;
  }
  await inThreads(models, files, batches(jobs), signal);
}

/** Files of one kind together, so that a thread loads few grammars; some hundred kilobytes each. */
function batches(jobs: readonly Job[]): Job[][] {
  const extension = (path: string) => path.slice(path.lastIndexOf(".") + 1);
  const sorted = jobs.toSorted((a, b) => {
    const [left, right] = [extension(a.path), extension(b.path)];
    return left < right ? -1 : left > right ? 1 : 0;
  });
  const found: Job[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const job of sorted) {
    if (length > batchLength) {
      found.push([]);
      length = 0;
    }
    found.at(-1)?.push(job);
    length += job.text.length;
  }
  return found;
}

async function inThreads(
  models: Models,
  files: readonly Sided[],
  work: readonly Job[][],
  signal: AbortSignal | undefined,
): Promise<void> {
  const byId = new Map(heavyModels.map(({ model }) => [model.id, model]));
  const left = [...work];
  const threads = Math.min(mostThreads, Math.max(1, availableParallelism()), work.length);
  const keep = (parsed: readonly Parsed[]) => {
    for (const one of parsed) {
      const [model, file] = [byId.get(one.model), files[one.file]];
      if (model === undefined || file === undefined) continue;
      models.put(model, file, one.side, "unread" in one ? new Unread(one.unread) : one.value);
    }
  };
  const run = async () => {
    const worker = new Worker(new URL("model-worker.ts", import.meta.url));
    try {
      for (let jobs = left.shift(); jobs !== undefined; jobs = left.shift()) {
        signal?.throwIfAborted();
        keep(await ask(worker, jobs));
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, run));
}

function ask(worker: Worker, jobs: readonly Job[]): Promise<readonly Parsed[]> {
  return new Promise((answer, fail) => {
    const settle = () => {
      worker.off("message", onAnswer);
      worker.off("error", onError);
      worker.off("exit", onExit);
    };
    const onAnswer = (parsed: readonly Parsed[]) => {
      settle();
      answer(parsed);
    };
    const onError = (error: Error) => {
      settle();
      fail(error);
    };
    const onExit = (code: number) => {
      settle();
      fail(new Error(`a parsing thread ended with code ${code}`));
    };
    worker.once("message", onAnswer);
    worker.once("error", onError);
    worker.once("exit", onExit);
    worker.postMessage(jobs, []);
  });
}
