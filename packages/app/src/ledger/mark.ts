/**
 * The high-water mark: the newest signed checkpoint, in a small file outside the
 * database. A database that was restored from a backup, or failed over to a
 * replica that lagged, contradicts it; continuing from such a database would
 * fork the log. docs/operations/ledger.md says what to do then.
 *
 * The file has two slots of 8 KB, each with a number and a SHA-256; a write goes
 * to the older one and is on the disk (fdatasync) before anything is
 * acknowledged, so a write that was cut short leaves the other slot. Nothing
 * grows: a full disk does not stop it. Trusted: no; a thief of the file learns a
 * public checkpoint, and who can write it can make us refuse to start.
 */
import { createHash } from "node:crypto";
import { mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { fileError } from "../storage/error.ts";
import { syncFolder } from "../storage/durable-files.ts";
import { LedgerError } from "./error.ts";

const slotBytes = 8_192;
const slots = 2;
const magic = "countermand-mark v1";

export interface Mark {
  /** Where it is kept, for people. */
  readonly file: string;
  /** The signed note that was written last; undefined before the first. */
  readonly note: string | undefined;
  /** Resolves when the note is on the disk. One call at a time. */
  write(note: string): Promise<void>;
  close(): Promise<void>;
}

/** The file of a log's mark in `folder`: an origin can hold slashes, its hash does not. */
export function markFile(folder: string, origin: string): string {
  return join(folder, `${createHash("sha256").update(origin).digest("hex").slice(0, 32)}.mark`);
}

/**
 * Opens the mark of a log. Without a file there is none yet, and the first write
 * makes it. Throws a `LedgerError` "mark" if neither slot is whole.
 */
export async function openMark(folder: string, origin: string): Promise<Mark> {
  const file = markFile(folder, origin);
  let handle = await openIfThere(file);
  let newest: Slot | undefined;
  if (handle !== undefined) {
    newest = await readNewest(handle);
    if (newest === undefined) {
      await handle.close();
      throw new LedgerError(
        "mark",
        `the high-water mark ${file} is damaged: neither of its two slots is whole; see docs/operations/ledger.md, "The mark is missing or damaged"`,
      );
    }
  }
  let number = newest?.number ?? 0;
  return {
    file,
    get note() {
      return newest?.note;
    },
    async write(note) {
      const slot = { number: number + 1, note };
      try {
        if (handle === undefined) {
          handle = await create(folder, file, slot);
        } else {
          await handle.write(formatSlot(slot), 0, slotBytes, (slot.number % slots) * slotBytes);
          await handle.datasync();
        }
      } catch (error) {
        throw fileError(error, file);
      }
      number = slot.number;
      newest = slot;
    },
    async close() {
      await handle?.close();
      handle = undefined;
    },
  };
}

interface Slot {
  readonly number: number;
  readonly note: string;
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fileError(error, file);
  }
}

/** Both slots are on the disk before the file has its name. */
async function create(folder: string, file: string, slot: Slot): Promise<FileHandle> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const partial = `${file}.partial`;
  await rm(partial, { force: true });
  const handle = await open(partial, "wx+", 0o600);
  try {
    for (let i = 0; i < slots; i++)
      await handle.write(formatSlot(slot), 0, slotBytes, i * slotBytes);
    await handle.sync();
    await rename(partial, file);
    await syncFolder(folder);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A header line, the note, and newlines to the end: readable with `cat`. */
function formatSlot({ number, note }: Slot): Buffer {
  const body = Buffer.from(note);
  const header = Buffer.from(`${magic} ${number} ${body.length} ${digest(number, body)}\n`);
  if (header.length + body.length > slotBytes) {
    throw new TypeError(`a checkpoint of ${body.length} bytes does not fit into the mark`);
  }
  const slot = Buffer.alloc(slotBytes, "\n");
  header.copy(slot);
  body.copy(slot, header.length);
  return slot;
}

function parseSlot(slot: Buffer): Slot | undefined {
  const end = slot.indexOf("\n");
  const match = /^countermand-mark v1 (\d{1,16}) (\d{1,4}) ([0-9a-f]{64})$/.exec(
    slot.subarray(0, Math.max(end, 0)).toString("latin1"),
  );
  if (match === null) return undefined;
  const number = Number(match[1]);
  const body = slot.subarray(end + 1, end + 1 + Number(match[2]));
  return digest(number, body) === match[3] ? { number, note: body.toString("utf8") } : undefined;
}

function digest(number: number, body: Buffer): string {
  return createHash("sha256").update(`${number}\n`).update(body).digest("hex");
}

async function readNewest(handle: FileHandle): Promise<Slot | undefined> {
  const bytes = Buffer.alloc(slotBytes * slots);
  await handle.read(bytes, 0, bytes.length, 0);
  const whole = Array.from({ length: slots }, (_, i) =>
    parseSlot(bytes.subarray(i * slotBytes, (i + 1) * slotBytes)),
  ).filter((slot) => slot !== undefined);
  return whole.toSorted((a, b) => b.number - a.number)[0];
}
