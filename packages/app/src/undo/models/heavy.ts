/**
 * Models whose parsing is worth a thread of its own. `prepare` loads what their
 * synchronous `parse` needs (a grammar, a parser); it is called in every thread
 * that parses, with the paths at hand.
 */
import type { Model } from "./model.ts";

export type HeavyModel = {
  readonly model: Model<unknown>;
  readonly reads: (path: string) => boolean;
  readonly prepare: (paths: readonly string[]) => Promise<void>;
};

export const heavyModels: readonly HeavyModel[] = [];
