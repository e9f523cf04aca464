/**
 * A model is what a file says, read once: the parsed form that rules compare.
 * Each (model, file, side) is parsed at most once, however many rules ask, and
 * what could not be read is remembered, because a rule's silence on such a file
 * is no clearance.
 *
 * A model's value is plain data with line numbers, never a library's own tree.
 */
import { compareText } from "../rules/order.ts";
import type { Side } from "../rules/rule.ts";

/** Why a text was not read: one sentence part, without text of the repository. */
export class Unread {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

export interface Model<T> {
  /** `format` or `format.aspect`; unique. */
  readonly id: string;
  /** Raised whenever the same text may give another value. */
  readonly version: number;
  /**
   * Pure. Bounds size, depth and count before it parses; hostile text gives
   * `Unread`, never an exception and never unbounded work.
   */
  parse(text: string, path: string): T | Unread;
}

/** A file with what it holds on each side; absent: not there, not text or not read. */
export interface Sided {
  readonly path: string;
  readonly before?: string;
  readonly after?: string;
}

export type UnreadSide = {
  readonly model: string;
  readonly path: string;
  readonly side: Side;
  readonly reason: string;
};

export class Models {
  readonly #values = new Map<string, WeakMap<Sided, Map<Side, unknown>>>();
  readonly #unread: UnreadSide[] = [];

  /** The file on that side as the model reads it; null where it is not there or not readable. */
  of<T>(model: Model<T>, file: Sided, side: Side): T | null {
    const text = file[side];
    if (text === undefined) return null;
    const sides = this.#sides(model.id, file);
    if (!sides.has(side)) {
      const value = model.parse(text, file.path);
      sides.set(side, value instanceof Unread ? undefined : value);
      if (value instanceof Unread) {
        this.#unread.push({ model: model.id, path: file.path, side, reason: value.reason });
      }
    }
    return (sides.get(side) as T | undefined) ?? null;
  }

  /** What was asked for and could not be read, by path, side and model. */
  unread(): readonly UnreadSide[] {
    return this.#unread.toSorted(
      (a, b) =>
        compareText(a.path, b.path) || compareText(b.side, a.side) || compareText(a.model, b.model),
    );
  }

  #sides(model: string, file: Sided): Map<Side, unknown> {
    let files = this.#values.get(model);
    if (files === undefined) this.#values.set(model, (files = new WeakMap()));
    let sides = files.get(file);
    if (sides === undefined) files.set(file, (sides = new Map()));
    return sides;
  }
}
