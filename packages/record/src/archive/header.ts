/**
 * The 512-byte header of a ustar entry (POSIX.1-1988, and POSIX.1-2017 pax,
 * "ustar Interchange Format"), for regular files only. Everything but path,
 * size and time is fixed: mode 0644, owner 0, no names, no devices.
 */
import { encodeUtf8 } from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";

export const blockSize = 512;
/** Size and time are eleven octal digits. */
export const maxOctal11 = 8 ** 11 - 1;

export type Header = {
  readonly path: string;
  readonly size: number;
  readonly mtimeSeconds: number;
};

/** Where the fields lie: name, first byte, length. */
const fields = [
  ["name", 0, 100],
  ["mode", 100, 8],
  ["uid", 108, 8],
  ["gid", 116, 8],
  ["size", 124, 12],
  ["mtime", 136, 12],
  ["checksum", 148, 8],
  ["type", 156, 1],
  ["link name", 157, 100],
  ["magic", 257, 6],
  ["version", 263, 2],
  ["user name", 265, 32],
  ["group name", 297, 32],
  ["device major", 329, 8],
  ["device minor", 337, 8],
  ["prefix", 345, 155],
  ["padding", 500, 12],
] as const;

const typeNames: { readonly [flag: string]: string } = {
  "\0": "a file of the format before ustar",
  "1": "a hard link",
  "2": "a symbolic link",
  "3": "a character device",
  "4": "a block device",
  "5": "a folder",
  "6": "a pipe",
  "7": "a contiguous file",
  D: "a GNU folder dump",
  g: "a pax global header",
  K: "a GNU long link name",
  L: "a GNU long name",
  M: "a GNU continuation",
  S: "a GNU sparse file",
  V: "a GNU volume label",
  x: "a pax header",
};

/** Path and size within the limits of the format; inverse of `parseHeader`. */
export function formatHeader(header: Header): Uint8Array<ArrayBuffer> {
  const { path, size, mtimeSeconds } = header;
  const [prefix, name] = splitPath(path);
  const block = new Uint8Array(blockSize);
  const set = (at: number, text: string): void => block.set(encodeUtf8(text), at);
  set(0, name);
  set(100, "0000644");
  set(108, "0000000");
  set(116, "0000000");
  set(124, octal(size, 11));
  set(136, octal(mtimeSeconds, 11));
  set(156, "0");
  set(257, "ustar");
  set(263, "00");
  set(329, "0000000");
  set(337, "0000000");
  set(345, prefix);
  set(148, `${octal(checksum(block), 6)}\0 `);
  return block;
}

/** As GNU tar splits: the longest prefix that fits, and only where the name alone does not. */
function splitPath(path: string): readonly [prefix: string, name: string] {
  if (path.length <= 100) return ["", path];
  const slash = path.lastIndexOf("/", 155);
  if (slash < 1 || path.length - slash - 1 > 100) {
    throw new RecordError(
      "archive",
      "the path fits no ustar header: it must divide at a slash into at most 155 and 100 characters",
      { where: path },
    );
  }
  return [path.slice(0, slash), path.slice(slash + 1)];
}

function octal(n: number, digits: number): string {
  return n.toString(8).padStart(digits, "0");
}

/** The sum of all bytes, those of the checksum itself taken as spaces. */
function checksum(block: Uint8Array): number {
  return block.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0);
}

/**
 * Path, size and time of a regular file's header, at `where` in the archive.
 * Neither the path nor the fixed fields are judged here: see `checkFixedFields`.
 */
export function parseHeader(block: Uint8Array, where: string): Header {
  const latin1 = (at: number, length: number): string =>
    String.fromCharCode(...block.subarray(at, at + length));
  const refuse = (problem: string): RecordError => new RecordError("archive", problem, { where });

  if (latin1(257, 8) !== "ustar\x0000") {
    throw refuse("no ustar header (GNU and older tar formats are not accepted)");
  }
  if (latin1(148, 8) !== `${octal(checksum(block), 6)}\0 `) throw refuse("the checksum is wrong");
  const type = latin1(156, 1);
  if (type !== "0") {
    throw refuse(
      `${typeNames[type] ?? "an entry of unknown type"}; only regular files are accepted`,
    );
  }
  const upToNul = (text: string): string => text.replace(/\0.*$/s, "");
  const prefix = upToNul(latin1(345, 155));
  const name = upToNul(latin1(0, 100));
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    size: parseOctal11(latin1(124, 12), "size", refuse),
    mtimeSeconds: parseOctal11(latin1(136, 12), "time", refuse),
  };
}

function parseOctal11(text: string, what: string, refuse: (problem: string) => Error): number {
  if (!/^[0-7]{11}\0$/.test(text)) throw refuse(`the ${what} is not eleven octal digits`);
  return Number.parseInt(text.slice(0, 11), 8);
}

/** Refuses a block that differs from what `formatHeader` prints for it. */
export function checkFixedFields(block: Uint8Array, header: Header, where: string): void {
  const expected = formatHeader(header);
  for (const [field, at, length] of fields) {
    for (let i = at; i < at + length; i++) {
      if (block[i] !== expected[i] && field !== "checksum") {
        throw new RecordError(
          "archive",
          `the ${field} is not what this format fixes: mode 0644, owner and group 0 without names, no devices, zeros between`,
          { where },
        );
      }
    }
  }
}

/** Zeros up to the next block. */
export function padding(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((blockSize - (size % blockSize)) % blockSize);
}
