/**
 * The history as numbers: one row a commit, oldest first (parents before
 * children), in typed arrays that grow by half. About 150 bytes a commit with
 * the look-up tables, whatever the commits contain.
 *
 * Rows are numbered in `git log --topo-order --reverse` order, so an ancestor
 * always has the smaller number.
 */

export const flags = {
  /** The message makes a claim (message/claims.ts). */
  claims: 1,
  merge: 2,
  /** No path differs from the first parent. */
  empty: 4,
  /** Too many paths, or an object is missing: no size fingerprint. */
  unsized: 8,
  /** The message was longer than is looked at. */
  messageCut: 16,
  /** Its parents were cut off (shallow clone), so what it changed is unknown. */
  boundary: 32,
  /** The keys by line were computed (line-keys.ts). */
  lined: 64,
} as const;

/** The 64-bit fingerprints of a commit; each is two columns of 32 bits. */
export const keyNames = [
  /** Of the tree id. */
  "tree",
  /** Of what the commit does, by path, modes and blob ids; `inverse` is that of its exact undoing. */
  "forward",
  "inverse",
  /** The same by path and growth in bytes: equal for the same lines in moved surroundings. */
  "sizedForward",
  "sizedInverse",
  /** The same by the lines that come and go, for those that have a partner by size. */
  "linesForward",
  "linesInverse",
  /** Of the subject without its pull request number; of a merge's title where a button made it. */
  "subject",
  "subjectStart",
] as const;
export type KeyName = (typeof keyNames)[number];

/** No such row: the commit is outside the history that was read. */
export const none = -1;

export class History {
  readonly oidBytes: number;
  #size = 0;
  #room = 1024;
  #oids: Uint8Array;
  #firstParent: Int32Array;
  #secondParent: Int32Array;
  readonly #moreParents = new Map<number, number[]>();
  #time: Float64Array;
  #pull: Int32Array;
  #paths: Uint32Array;
  #flags: Uint8Array;
  readonly #keys: Record<KeyName, Uint32Array>;
  /** Heads of hash chains by id; the chains themselves are in `#nextById`. */
  #byId = new Int32Array(2048).fill(none);
  #nextById: Int32Array;
  #stamps = new Uint32Array(0);
  #stamp = 0;

  constructor(oidBytes: number) {
    this.oidBytes = oidBytes;
    this.#oids = new Uint8Array(this.#room * oidBytes);
    this.#firstParent = new Int32Array(this.#room);
    this.#secondParent = new Int32Array(this.#room);
    this.#time = new Float64Array(this.#room);
    this.#pull = new Int32Array(this.#room);
    this.#paths = new Uint32Array(this.#room);
    this.#flags = new Uint8Array(this.#room);
    this.#nextById = new Int32Array(this.#room);
    this.#keys = Object.fromEntries(
      keyNames.map((name) => [name, new Uint32Array(this.#room * 2)]),
    ) as Record<KeyName, Uint32Array>;
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes held in arrays, for the bench. */
  get bytes(): number {
    let bytes = this.#room * (this.oidBytes + 4 + 4 + 8 + 4 + 4 + 1 + 4);
    for (const name of keyNames) bytes += this.#keys[name].byteLength;
    return bytes + this.#byId.byteLength + this.#stamps.byteLength;
  }

  /** Adds a commit whose parents, as far as they are in the history, were added before. */
  add(oid: string, parents: readonly string[], time: number): number {
    if (this.#size === this.#room) this.#grow();
    const row = this.#size++;
    for (let i = 0; i < this.oidBytes; i++) {
      this.#oids[row * this.oidBytes + i] = Number.parseInt(oid.slice(i * 2, i * 2 + 2), 16);
    }
    const rows = parents.map((parent) => this.find(parent));
    this.#firstParent[row] = rows[0] ?? none;
    this.#secondParent[row] = rows[1] ?? none;
    if (rows.length > 2) this.#moreParents.set(row, rows.slice(2));
    this.#time[row] = time;
    this.#pull[row] = 0;
    if (parents.length > 1) this.setFlag(row, flags.merge);
    const slot = this.#slot(oid);
    this.#nextById[row] = this.#byId[slot] ?? none;
    this.#byId[slot] = row;
    if (this.#size > this.#byId.length / 2) this.#rehash();
    return row;
  }

  oid(row: number): string {
    const start = row * this.oidBytes;
    return Buffer.from(this.#oids.buffer, start, this.oidBytes).toString("hex");
  }

  /** The row of a full id, or `none`. */
  find(oid: string): number {
    if (oid.length !== this.oidBytes * 2) return none;
    for (const row of this.#startingLike(oid)) if (this.oid(row) === oid) return row;
    return none;
  }

  /** Rows whose id starts with `prefix`, at least 7 digits, newest first. */
  findPrefix(prefix: string): number[] {
    return [...this.#startingLike(prefix)].filter((row) => this.oid(row).startsWith(prefix));
  }

  *#startingLike(prefix: string): Generator<number> {
    let row = this.#byId[this.#slot(prefix)] ?? none;
    while (row !== none) {
      yield row;
      row = this.#nextById[row] ?? none;
    }
  }

  /** The first 7 digits: what every abbreviation has. */
  #slot(oid: string): number {
    return Number.parseInt(oid.slice(0, 7), 16) & (this.#byId.length - 1);
  }

  firstParent(row: number): number {
    return this.#firstParent[row] ?? none;
  }

  *parents(row: number): Generator<number> {
    const first = this.#firstParent[row] ?? none;
    const second = this.#secondParent[row] ?? none;
    if (first !== none) yield first;
    if (second !== none) yield second;
    for (const more of this.#moreParents.get(row) ?? []) if (more !== none) yield more;
  }

  time(row: number): number {
    return this.#time[row] ?? 0;
  }

  pull(row: number): number {
    return this.#pull[row] ?? 0;
  }

  setPull(row: number, pull: number): void {
    this.#pull[row] = pull;
  }

  paths(row: number): number {
    return this.#paths[row] ?? 0;
  }

  setPaths(row: number, paths: number): void {
    this.#paths[row] = paths;
  }

  has(row: number, flag: number): boolean {
    return ((this.#flags[row] ?? 0) & flag) !== 0;
  }

  setFlag(row: number, flag: number): void {
    this.#flags[row] = (this.#flags[row] ?? 0) | flag;
  }

  setKey(name: KeyName, row: number, hi: number, lo: number): void {
    const column = this.#keys[name];
    column[row * 2] = hi;
    column[row * 2 + 1] = lo;
  }

  hi(name: KeyName, row: number): number {
    return this.#keys[name][row * 2] ?? 0;
  }

  lo(name: KeyName, row: number): number {
    return this.#keys[name][row * 2 + 1] ?? 0;
  }

  /** Whether `older` is `newer` or one of its ancestors; null when that took more than `limit` steps. */
  isAncestor(older: number, newer: number, limit = 2_000_000): boolean | null {
    if (older > newer) return false;
    if (older === newer) return true;
    const stamp = this.#freshStamp();
    const open = [newer];
    let steps = 0;
    for (let row = open.pop(); row !== undefined; row = open.pop()) {
      if (++steps > limit) return null;
      for (const parent of this.parents(row)) {
        if (parent === older) return true;
        if (parent > older && this.#stamps[parent] !== stamp) {
          this.#stamps[parent] = stamp;
          open.push(parent);
        }
      }
    }
    return false;
  }

  /**
   * What the merge `row` brings in: commits that its other parents reach and
   * its first parent does not, newest first; at most `limit`, then `null`.
   */
  broughtBy(row: number, limit: number): number[] | null {
    const [first, ...others] = [...this.parents(row)];
    if (first === undefined) return [];
    const ours = new Set([first]);
    const theirs = new Set(others);
    const found: number[] = [];
    // Descending rows: when a row is taken, everything that could reach it has been.
    const open = [first, ...others].sort((a, b) => a - b);
    let steps = 0;
    while (theirs.size > 0) {
      const next = open.pop();
      if (next === undefined) break;
      if (++steps > limit * 8) return null;
      const isOurs = ours.has(next);
      if (!isOurs) {
        if (found.length === limit) return null;
        found.push(next);
      }
      theirs.delete(next);
      for (const parent of this.parents(next)) {
        const known = ours.has(parent) || theirs.has(parent);
        if (isOurs) {
          ours.add(parent);
          theirs.delete(parent);
        } else if (!ours.has(parent)) theirs.add(parent);
        if (!known) insertSorted(open, parent);
      }
    }
    return found;
  }

  #freshStamp(): number {
    if (this.#stamps.length < this.#size) {
      const larger = new Uint32Array(this.#room);
      larger.set(this.#stamps);
      this.#stamps = larger;
    }
    return ++this.#stamp;
  }

  #grow(): void {
    const room = Math.ceil(this.#room * 1.5);
    this.#oids = grown(this.#oids, new Uint8Array(room * this.oidBytes));
    this.#firstParent = grown(this.#firstParent, new Int32Array(room));
    this.#secondParent = grown(this.#secondParent, new Int32Array(room));
    this.#time = grown(this.#time, new Float64Array(room));
    this.#pull = grown(this.#pull, new Int32Array(room));
    this.#paths = grown(this.#paths, new Uint32Array(room));
    this.#flags = grown(this.#flags, new Uint8Array(room));
    this.#nextById = grown(this.#nextById, new Int32Array(room));
    for (const name of keyNames) {
      this.#keys[name] = grown(this.#keys[name], new Uint32Array(room * 2));
    }
    this.#room = room;
  }

  #rehash(): void {
    this.#byId = new Int32Array(this.#byId.length * 2).fill(none);
    for (let row = 0; row < this.#size; row++) {
      const slot = this.#slot(this.oid(row));
      this.#nextById[row] = this.#byId[slot] ?? none;
      this.#byId[slot] = row;
    }
  }
}

function grown<T extends Uint8Array | Int32Array | Uint32Array | Float64Array>(
  old: T,
  larger: T,
): T {
  larger.set(old);
  return larger;
}

function insertSorted(rows: number[], row: number): void {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] ?? 0) < row) low = middle + 1;
    else high = middle;
  }
  rows.splice(low, 0, row);
}

/** Rows by one key, newest first. Built once the history is complete. */
export class KeyTable {
  readonly #history: History;
  readonly #name: KeyName;
  readonly #heads: Int32Array;
  readonly #next: Int32Array;

  /** Only rows that `wanted` accepts are in the table. */
  constructor(history: History, name: KeyName, wanted: (row: number) => boolean) {
    this.#history = history;
    this.#name = name;
    let slots = 1024;
    while (slots < history.size * 2) slots *= 2;
    this.#heads = new Int32Array(slots).fill(none);
    this.#next = new Int32Array(history.size).fill(none);
    for (let row = 0; row < history.size; row++) {
      if (!wanted(row)) continue;
      const slot = history.lo(name, row) & (slots - 1);
      this.#next[row] = this.#heads[slot] ?? none;
      this.#heads[slot] = row;
    }
  }

  /** Rows with this key below `before`, newest first. */
  *find(hi: number, lo: number, before = Number.POSITIVE_INFINITY): Generator<number> {
    let row = this.#heads[lo & (this.#heads.length - 1)] ?? none;
    while (row !== none) {
      if (
        row < before &&
        this.#history.hi(this.#name, row) === hi &&
        this.#history.lo(this.#name, row) === lo
      ) {
        yield row;
      }
      row = this.#next[row] ?? none;
    }
  }
}
