/**
 * Reads zip archives of strangers (PKWARE APPNOTE 6.3.10), entry by entry, with
 * memory for one entry. Stored and deflated entries and zip64 are read; the
 * directory at the end of the file decides, and local headers must agree with it.
 * Refused before anything is read out: several disks, encryption, other methods,
 * names that leave a folder, entries that overlap (one stretch of bytes inflated
 * many times over), sizes that do not fit in the file, and more than the limits.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32, inflateRawSync } from "node:zlib";

export const zipLimits = {
  entries: 1_000_000,
  /** Bytes of the directory. */
  directory: 256 * 1024 * 1024,
  /** Bytes of one entry, unpacked. */
  entry: 16 * 1024 * 1024,
  /** Bytes of all entries, unpacked. */
  total: 64 * 1024 * 1024 * 1024,
  /** Unpacked to packed bytes of all entries, beyond which it is a bomb; text packs 3 to 20 times. */
  ratio: 200,
} as const;

export type ZipEntry = {
  readonly name: string;
  /** Unpacked. */
  readonly size: number;
  readonly crc: number;
  readonly packed: number;
  readonly method: number;
  readonly flags: number;
  /** Of its local header in the file. */
  readonly offset: number;
};

/** Why an archive, or one entry of it, is not read: a sentence part. */
export class ZipError extends Error {
  override readonly name = "ZipError";
}

export class ZipFile {
  /** Files, in the order in which they lie in the archive. */
  readonly entries: readonly ZipEntry[];
  readonly #file: number;

  private constructor(file: number, entries: readonly ZipEntry[]) {
    this.#file = file;
    this.entries = entries;
  }

  /** Throws ZipError. */
  static open(path: string): ZipFile {
    const file = openSync(path, "r");
    try {
      return new ZipFile(file, readDirectory(file, fstatSync(file).size));
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** The unpacked bytes of an entry; throws ZipError. */
  read(entry: ZipEntry): Buffer {
    if (entry.size > zipLimits.entry) {
      throw new ZipError(`it has ${entry.size} bytes, more than ${zipLimits.entry}`);
    }
    const header = bytes(this.#file, entry.offset, 30);
    if (header.readUInt32LE(0) !== 0x04034b50) throw new ZipError("its local header is missing");
    const nameLength = header.readUInt16LE(26);
    const start = entry.offset + 30 + nameLength + header.readUInt16LE(28);
    const packed = bytes(
      this.#file,
      start - nameLength - header.readUInt16LE(28),
      nameLength + header.readUInt16LE(28) + entry.packed,
    );
    const name = packed.subarray(0, nameLength).toString("utf8");
    if (
      name !== entry.name ||
      header.readUInt16LE(8) !== entry.method ||
      header.readUInt16LE(6) !== entry.flags
    ) {
      throw new ZipError("its local header and the directory differ");
    }
    const data = packed.subarray(packed.length - entry.packed);
    const content = entry.method === 0 ? data : inflate(data, entry.size);
    if (content.length !== entry.size || crc32(content) !== entry.crc) {
      throw new ZipError("its content is not what the directory says");
    }
    return content;
  }

  close(): void {
    closeSync(this.#file);
  }
}

function inflate(data: Buffer, size: number): Buffer {
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    throw new ZipError("it cannot be unpacked to the size that the directory says", {
      cause: error,
    });
  }
}

function bytes(file: number, position: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const read = readSync(file, buffer, done, length - done, position + done);
    if (read === 0) throw new ZipError("the archive ends too early");
    done += read;
  }
  return buffer;
}

function readDirectory(file: number, fileSize: number): ZipEntry[] {
  const { count, size, offset } = findDirectory(file, fileSize);
  if (count > zipLimits.entries)
    throw new ZipError(`the archive has ${count} entries, more than ${zipLimits.entries}`);
  if (size > zipLimits.directory || offset + size > fileSize) {
    throw new ZipError("the archive's directory does not fit in the file");
  }
  const directory = bytes(file, offset, size);
  const entries: ZipEntry[] = [];
  let [at, packed, unpacked] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const [entry, next] = readEntry(directory, at);
    at = next;
    packed += entry.packed;
    unpacked += entry.size;
    if (entry.name.endsWith("/")) {
      if (entry.size !== 0) throw new ZipError("the archive has a folder with content");
      continue;
    }
    entries.push(entry);
  }
  if (unpacked > zipLimits.total || (unpacked > 1_000_000 && unpacked > packed * zipLimits.ratio)) {
    throw new ZipError(
      `the archive unpacks from ${packed} to ${unpacked} bytes, more than is believable`,
    );
  }
  entries.sort((a, b) => a.offset - b.offset);
  refuseOverlap(entries, offset);
  return entries;
}

function refuseOverlap(entries: readonly ZipEntry[], directory: number): void {
  let end = 0;
  for (const entry of entries) {
    if (entry.offset < end) throw new ZipError("entries of the archive overlap");
    end = entry.offset + 30 + Buffer.byteLength(entry.name) + entry.packed;
  }
  if (end > directory) throw new ZipError("an entry of the archive reaches into its directory");
}

/** The end record; by way of the zip64 one where a field is full. */
function findDirectory(
  file: number,
  fileSize: number,
): { count: number; size: number; offset: number } {
  if (fileSize < 22) throw new ZipError("it is no zip archive");
  const length = Math.min(fileSize, 22 + 65_535);
  const tail = bytes(file, fileSize - length, length);
  let at = tail.length - 22;
  // The record whose comment ends with the file; any other is part of a comment.
  while (
    at >= 0 &&
    !(tail.readUInt32LE(at) === 0x06054b50 && at + 22 + tail.readUInt16LE(at + 20) === tail.length)
  )
    at--;
  if (at < 0) throw new ZipError("it is no zip archive");
  const disk = tail.readUInt16LE(at + 4) | tail.readUInt16LE(at + 6);
  const [here, count] = [tail.readUInt16LE(at + 8), tail.readUInt16LE(at + 10)];
  const [size, offset] = [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
  const isFull =
    count === 0xffff || here === 0xffff || size === 0xffffffff || offset === 0xffffffff;
  if (isFull && at >= 20 && tail.readUInt32LE(at - 20) === 0x07064b50) {
    return readZip64End(file, number64(tail, at - 12), fileSize);
  }
  if (disk !== 0 || here !== count) throw new ZipError("the archive is split over several files");
  return { count, size, offset };
}

function readZip64End(file: number, position: number, fileSize: number) {
  if (position + 56 > fileSize)
    throw new ZipError("the archive's directory does not fit in the file");
  const end = bytes(file, position, 56);
  if (end.readUInt32LE(0) !== 0x06064b50)
    throw new ZipError("the archive's zip64 record is missing");
  const count = number64(end, 32);
  if (end.readUInt32LE(16) !== 0 || end.readUInt32LE(20) !== 0 || number64(end, 24) !== count) {
    throw new ZipError("the archive is split over several files");
  }
  return { count, size: number64(end, 40), offset: number64(end, 48) };
}

function number64(buffer: Buffer, at: number): number {
  const value = buffer.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new ZipError("the archive has a size that no file has");
  return Number(value);
}

function readEntry(directory: Buffer, at: number): [ZipEntry, number] {
  if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50) {
    throw new ZipError("the archive's directory is damaged");
  }
  const [nameLength, extraLength] = [
    directory.readUInt16LE(at + 28),
    directory.readUInt16LE(at + 30),
  ];
  const next = at + 46 + nameLength + extraLength + directory.readUInt16LE(at + 32);
  if (next > directory.length) throw new ZipError("the archive's directory is damaged");
  const name = directory.subarray(at + 46, at + 46 + nameLength).toString("utf8");
  refuseName(name);
  const flags = directory.readUInt16LE(at + 8);
  if ((flags & 0x2041) !== 0) throw new ZipError("the archive is encrypted");
  const method = directory.readUInt16LE(at + 10);
  if (method !== 0 && method !== 8)
    throw new ZipError(`the archive is packed by method ${method}, not by deflate`);
  let packed = directory.readUInt32LE(at + 20);
  let size = directory.readUInt32LE(at + 24);
  let offset = directory.readUInt32LE(at + 42);
  const disk = directory.readUInt16LE(at + 34);
  if (disk !== 0 && disk !== 0xffff) throw new ZipError("the archive is split over several files");
  const wide = zip64Field(
    directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength),
  );
  let field = 0;
  const widened = (value: number) => {
    if (value !== 0xffffffff) return value;
    if (wide.length < field + 8)
      throw new ZipError("the archive has an entry without its zip64 sizes");
    field += 8;
    return number64(wide, field - 8);
  };
  // In this order, by the specification.
  size = widened(size);
  packed = widened(packed);
  offset = widened(offset);
  if (method === 0 && size !== packed)
    throw new ZipError("the archive has a stored entry of two sizes");
  return [
    { name, size, crc: directory.readUInt32LE(at + 16), packed, method, flags, offset },
    next,
  ];
}

function zip64Field(extra: Buffer): Buffer {
  let at = 0;
  while (at + 4 <= extra.length) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) return extra.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  return Buffer.alloc(0);
}

/** Nothing is ever written under these names; an archive that has such ones was not made in good faith. */
function refuseName(name: string): void {
  const bad =
    name === "" ||
    /[\0\\\uFFFD]/.test(name) ||
    name.startsWith("/") ||
    /^[A-Za-z]:/.test(name) ||
    name.split("/").includes("..");
  if (bad) throw new ZipError("the archive has a name that leaves its folder or is no text");
}
