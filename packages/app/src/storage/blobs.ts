/**
 * Artefacts by the SHA-256 of their content, in a directory: `ab/cdef…`. Not
 * trusted: what is read is checked against its name, so whoever can change the
 * directory can lose artefacts, not alter them.
 */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "./durable-files.ts";
import { fileError, StorageError } from "./error.ts";

export interface StoredBlob {
  /** In hex. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

export interface Blobs {
  /**
   * Stores the content once; durable when it resolves. Throws a `StorageError`
   * "too-large" above the limit, and then leaves nothing.
   */
  put(content: Uint8Array | AsyncIterable<Uint8Array>): Promise<StoredBlob>;
  /** The whole content; undefined if it is not there. Throws "content" if it is not what its name says. */
  get(sha256: string): Promise<Uint8Array | undefined>;
  /** Whether it is there; the content is not looked at. */
  has(sha256: string): Promise<boolean>;
  /** Reads the whole content, and keeps none of it. */
  verify(sha256: string): Promise<"good" | "missing" | "mismatch">;
  /** Every blob that is there, in the order of their names. */
  list(): AsyncIterable<string>;
}

/** `maxBytes` limits one blob. */
export function directoryBlobs(root: string, { maxBytes }: { readonly maxBytes: number }): Blobs {
  const folderOf = (sha256: string) => join(root, sha256.slice(0, 2));
  const fileOf = (sha256: string) => join(folderOf(sha256), sha256.slice(2));

  async function has(sha256: string): Promise<boolean> {
    assertDigest(sha256);
    try {
      return (await stat(fileOf(sha256))).isFile();
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async function verify(sha256: string): Promise<"good" | "missing" | "mismatch"> {
    if (!(await has(sha256))) return "missing";
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(fileOf(sha256))) hash.update(chunk as Uint8Array);
    return hash.digest("hex") === sha256 ? "good" : "mismatch";
  }

  return {
    has,
    verify,
    async put(content) {
      const incoming = join(root, "incoming");
      const partial = join(incoming, randomUUID());
      try {
        await mkdir(incoming, { recursive: true, mode: 0o700 });
        const handle = await open(partial, "wx", 0o400);
        const hash = createHash("sha256");
        let size = 0;
        try {
          for await (const chunk of content instanceof Uint8Array ? [content] : content) {
            size += chunk.length;
            if (size > maxBytes) {
              throw new StorageError(
                "too-large",
                `the artefact is larger than ${maxBytes} bytes, the most that is stored`,
              );
            }
            hash.update(chunk);
            await writeAll(handle, chunk);
          }
          await handle.sync();
        } finally {
          await handle.close();
        }
        const sha256 = hash.digest("hex");
        // Stored again over a damaged copy, it is repaired.
        if ((await verify(sha256)) !== "good") {
          await mkdir(folderOf(sha256), { recursive: true, mode: 0o700 });
          await rename(partial, fileOf(sha256));
          await syncFolder(folderOf(sha256));
          await syncFolder(root);
        }
        return { sha256, size };
      } catch (error) {
        throw fileError(error, root);
      } finally {
        await rm(partial, { force: true });
      }
    },
    async get(sha256) {
      if (!(await has(sha256))) return undefined;
      const handle = await open(fileOf(sha256), "r");
      try {
        const bytes = new Uint8Array(await handle.readFile());
        if (createHash("sha256").update(bytes).digest("hex") !== sha256) {
          throw new StorageError(
            "content",
            `the artefact ${sha256} in ${root} was changed: its content has another digest; restore it from a backup`,
          );
        }
        return bytes;
      } finally {
        await handle.close();
      }
    },
    async *list() {
      for (const folder of await namesIn(root)) {
        if (!/^[0-9a-f]{2}$/.test(folder)) continue;
        for (const name of await namesIn(join(root, folder))) {
          if (/^[0-9a-f]{62}$/.test(name)) yield folder + name;
        }
      }
    },
  };
}

async function writeAll(
  handle: Awaited<ReturnType<typeof open>>,
  chunk: Uint8Array,
): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    const { bytesWritten } = await handle.write(chunk, at, chunk.length - at);
    at += bytesWritten;
  }
}

/** A digest becomes a path: nothing but 64 hex digits may. */
function assertDigest(sha256: string): void {
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw new StorageError("content", "a SHA-256 is 64 lower-case hex digits");
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR";
}
