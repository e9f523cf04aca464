/**
 * What a monitor keeps of a log: the newest checkpoint that it accepted, and how
 * far it has read under it. One small file, replaced as a whole. Who can change it
 * can make the monitor forget, and so miss a second history.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../storage/durable-files.ts";
import { WitnessError } from "./error.ts";
import type { Exhibit } from "./misbehaviour.ts";
import { originHash } from "./witness.ts";

export interface Kept {
  readonly exhibit: Exhibit;
  /** Entries that were read and found to be under the checkpoint. */
  readonly read: number;
}

export interface MonitorStore {
  read(): Promise<Kept | undefined>;
  write(kept: Kept): Promise<void>;
}

/** For one look that nothing is kept of. */
export function forgetfulStore(): MonitorStore {
  let kept: Kept | undefined;
  return {
    read: async () => kept,
    async write(next) {
      kept = next;
    },
  };
}

export function monitorStore(folder: string, origin: string): MonitorStore {
  const file = join(folder, `${originHash(origin)}.json`);
  return {
    async read() {
      let text: string;
      try {
        text = await readFile(file, "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw new WitnessError("state", `cannot read ${file}: ${(error as Error).message}`, {
          cause: error,
        });
      }
      const kept = parse(text);
      if (kept !== undefined) return kept;
      throw new WitnessError(
        "state",
        `${file} is damaged; put it back from a backup: without it nobody here knows what the log has shown`,
      );
    },
    async write(kept) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeDurably(file, `${JSON.stringify(kept)}\n`, { mode: 0o600, replace: true });
    },
  };
}

function parse(text: string): Kept | undefined {
  try {
    const { exhibit, read } = JSON.parse(text) as Partial<Kept>;
    const texts = [exhibit?.note, exhibit?.from, exhibit?.at];
    if (exhibit === undefined || texts.some((one) => typeof one !== "string")) return undefined;
    if (!Number.isSafeInteger(read) || read === undefined || read < 0) return undefined;
    return { exhibit, read };
  } catch {
    return undefined;
  }
}
