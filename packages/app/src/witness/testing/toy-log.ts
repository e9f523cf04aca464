/** For tests: a log in memory whose entries and history can be chosen. */
import { createHash } from "node:crypto";
import {
  appendLeafHashes,
  consistencyProof,
  emptyTree,
  encodeBundle,
  encodeTile,
  formatAddCheckpoint,
  formatCheckpoint,
  formatVerifierKey,
  leafHash,
  parseSignerKey,
  formatSignerKey,
  parseTilePath,
  rootOf,
  signNote,
  type HashReader,
  type NoteSigner,
} from "@countermand/tlog";

export async function toySigner(name: string, secret = name) {
  const seed = new Uint8Array(createHash("sha256").update(secret).digest());
  const signer = await parseSignerKey(await formatSignerKey(name, seed));
  return { ...signer, vkey: formatVerifierKey(signer.verifier) };
}

export class ToyLog {
  readonly origin: string;
  readonly signer: Awaited<ReturnType<typeof toySigner>>;
  /** Entry `i`; another function is another history. */
  entry: (i: number) => Uint8Array;

  constructor(
    signer: Awaited<ReturnType<typeof toySigner>>,
    entry: (i: number) => Uint8Array = (i) => Buffer.from(`entry ${i}`),
  ) {
    this.signer = signer;
    this.origin = signer.name;
    this.entry = entry;
  }

  static async make(name: string): Promise<ToyLog> {
    return new ToyLog(await toySigner(name));
  }

  /** The same key, and from entry `at` on other entries. */
  forked(at: number): ToyLog {
    return new ToyLog(this.signer, (i) => (i < at ? this.entry(i) : Buffer.from(`other ${i}`)));
  }

  hashes(from: number, to: number): Uint8Array[] {
    return Array.from({ length: to - from }, (_, i) => leafHash(this.entry(from + i)));
  }

  root(size: number): Uint8Array {
    return rootOf(appendLeafHashes(emptyTree, this.hashes(0, size)));
  }

  async note(size: number, signers: readonly NoteSigner[] = [this.signer]): Promise<Uint8Array> {
    const { origin } = this;
    return await signNote(formatCheckpoint({ origin, size, root: this.root(size) }), signers);
  }

  async proof(oldSize: number, size: number): Promise<Uint8Array[]> {
    const reader: HashReader = {
      readHashes: async (nodes) =>
        nodes.map(({ level, index }) => {
          const width = 2 ** level;
          const part = this.hashes(index * width, (index + 1) * width);
          return rootOf(appendLeafHashes(emptyTree, part));
        }),
    };
    return await consistencyProof(reader, oldSize, size);
  }

  async request(oldSize: number, size: number): Promise<Uint8Array> {
    return formatAddCheckpoint({
      oldSize,
      proof: await this.proof(Math.min(oldSize, size), size),
      checkpoint: await this.note(size),
    });
  }

  /** What C2SP tlog-tiles serves for a tree of `size`, below 65,536 entries; undefined is a 404. */
  async serve(path: string, size: number): Promise<Uint8Array | undefined> {
    if (path === "checkpoint") return await this.note(size);
    const asked = parseTilePath(path);
    const { n, width } = asked;
    if (asked.kind === "entries") {
      if (n * 256 + width > size) return undefined;
      return encodeBundle(Array.from({ length: width }, (_, i) => this.entry(n * 256 + i)));
    }
    const span = 256 ** asked.level;
    if ((n * 256 + width) * span > size) return undefined;
    return encodeTile(
      Array.from({ length: width }, (_, i) => {
        const at = (n * 256 + i) * span;
        return rootOf(appendLeafHashes(emptyTree, this.hashes(at, at + span)));
      }),
    );
  }
}
