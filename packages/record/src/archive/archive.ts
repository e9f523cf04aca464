/**
 * Files in one file: a ustar archive that depends on nothing but its content,
 * so that the same files and time give the same bytes, and that any `tar`
 * unpacks. Written: regular files in the order given. Read: what is written
 * here, with any number of zero blocks at the end (`tar` pads to 10240 bytes).
 * Left out: links, folders, owners, pax and GNU extensions, compression.
 *
 *     readArchive(writeArchive(files, t), limits) equals files
 *     writeArchive(readArchive(b, limits), t) equals b up to the padding at its end
 */
import { concat } from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";
import {
  blockSize,
  checkFixedFields,
  formatHeader,
  maxOctal11,
  padding,
  parseHeader,
} from "./header.ts";
import { PathSet } from "./path.ts";

export type ArchiveFile = { readonly path: string; readonly bytes: Uint8Array };

export type ArchiveLimits = {
  /** Of the archive, headers and padding included. */
  readonly maxBytes: number;
  readonly maxFiles: number;
  /** Of one file; without it, as much as the archive may have. */
  readonly maxFileBytes?: number;
};

/**
 * The archive. Paths: see `path.ts`; each at most once. `mtimeSeconds` is the
 * time of every file, in whole seconds since 1970.
 */
export function writeArchive(
  files: readonly ArchiveFile[],
  mtimeSeconds: number,
): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(mtimeSeconds) || mtimeSeconds < 0 || mtimeSeconds > maxOctal11) {
    throw new TypeError(`${mtimeSeconds} is no time in whole seconds from 0 to ${maxOctal11}`);
  }
  const paths = new PathSet();
  const parts: Uint8Array[] = [];
  for (const { path, bytes } of files) {
    paths.add(path);
    const size = bytes.length;
    if (size > maxOctal11)
      throw new TypeError(`${path} has ${size} bytes, ustar holds ${maxOctal11}`);
    parts.push(formatHeader({ path, size, mtimeSeconds }), bytes, padding(size));
  }
  return concat(...parts, new Uint8Array(2 * blockSize));
}

/**
 * The files, in order. Their bytes are views into `bytes`: nothing is copied,
 * so a declared size allocates nothing. Every refusal is a `RecordError`
 * "archive" that names the byte of the header it is about.
 */
export function readArchive(bytes: Uint8Array, limits: ArchiveLimits): ArchiveFile[] {
  if (bytes.length > limits.maxBytes) {
    throw new RecordError("archive", `${bytes.length} bytes; the limit is ${limits.maxBytes}`);
  }
  if (bytes.length % blockSize !== 0) {
    throw new RecordError(
      "archive",
      `${bytes.length} bytes are no whole number of 512-byte blocks`,
    );
  }
  const { maxFiles, maxFileBytes = limits.maxBytes } = limits;
  const paths = new PathSet();
  const files: ArchiveFile[] = [];
  let time: number | undefined;
  for (let at = 0; ;) {
    const where = `byte ${at}`;
    const block = bytes.subarray(at, at + blockSize);
    if (isZero(block)) {
      checkEnd(bytes, at);
      return files;
    }
    if (files.length === maxFiles) {
      throw new RecordError("archive", `more than ${maxFiles} files`, { where });
    }
    const header = parseHeader(block, where);
    const { path, size, mtimeSeconds } = header;
    paths.add(path);
    if (size > maxFileBytes) {
      const problem = `${path} says it has ${size} bytes; the limit is ${maxFileBytes}`;
      throw new RecordError("archive", problem, { where });
    }
    const start = at + blockSize;
    const end = start + size;
    if (end > bytes.length) {
      const problem = `${path} says it has ${size} bytes, ${bytes.length - start} are left`;
      throw new RecordError("archive", problem, { where });
    }
    checkFixedFields(block, header, where);
    time ??= mtimeSeconds;
    if (mtimeSeconds !== time) {
      throw new RecordError("archive", "the time is not that of the first file", { where });
    }
    at = end + padding(size).length;
    if (!isZero(bytes.subarray(end, at))) {
      throw new RecordError("archive", `the padding after ${path} is not zero`, {
        where: `byte ${end}`,
      });
    }
    files.push({ path, bytes: bytes.subarray(start, end) });
  }
}

/** At `at` there is a zero block, or nothing at all. */
function checkEnd(bytes: Uint8Array, at: number): void {
  if (at + 2 * blockSize > bytes.length) {
    throw new RecordError("archive", "the archive is cut off: two zero blocks must end it", {
      where: `byte ${at}`,
    });
  }
  if (!isZero(bytes.subarray(at))) {
    throw new RecordError("archive", "something follows the zero block that ends the archive", {
      where: `byte ${at}`,
    });
  }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
