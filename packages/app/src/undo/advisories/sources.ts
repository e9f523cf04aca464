/**
 * Where advisories are read from: a folder (and all below it), a zip archive, or
 * one file. Each gives units: files or entries with a stamp that is the same as
 * long as the unit is. Symbolic links, hidden folders and other kinds of files
 * are passed by. An archive in a folder is a source of its own.
 */
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { quoted } from "../git/error.ts";
import { AdvisoryError } from "./error.ts";
import { ZipError, ZipFile, zipLimits } from "./zip.ts";

export const sourceLimits = {
  /** Bytes of one record. */
  record: zipLimits.entry,
  files: 2_000_000,
  depth: 32,
} as const;

export type UnitKind = "json" | "yaml" | "csv";

export type Unit = {
  /** Below the source, with `/`. */
  readonly name: string;
  readonly kind: UnitKind;
  /** Size and time, or size and CRC. */
  readonly stamp: string;
  /** When the file was written, RFC 3339: stands in where the records have no date. */
  readonly time: string;
  /** A file of its own, for what is read as a stream. */
  readonly path: string | null;
  /** Throws ZipError where it cannot be read. */
  read(): Buffer;
};

export type Source = {
  readonly place: string;
  readonly kind: "folder" | "archive" | "file";
  /** Of an archive: changes when the archive does, so that an unchanged one is not opened; else "". */
  readonly stamp: string;
  readonly time: string;
  /** What is read, and the number of files that are of no kind that holds advisories. May throw ZipError. */
  open(): OpenSource;
};

export type OpenSource = {
  readonly units: readonly Unit[];
  readonly other: number;
  close(): void;
};

/** The sources at a path that the user names; a path that is not there is an error at once. */
export function sourcesAt(path: string): Source[] {
  const place = resolve(path);
  const stat = statSync(place, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new AdvisoryError("invalid", `There is nothing at ${quoted(path, 300)}.`);
  }
  if (!stat.isDirectory()) return [isZip(place) ? archiveSource(place) : fileSource(place)];
  const found = listFolder(place);
  const archives = found.archives.map(archiveSource);
  if (archives.length > 0 && found.units.length === 0) return archives;
  const folder: Source = {
    place,
    kind: "folder",
    stamp: "",
    time: newest(found.units) || stat.mtime.toISOString(),
    open: () => ({ units: found.units, other: found.other, close() {} }),
  };
  return [folder, ...archives];
}

/** A folder's own time tells when it was unpacked, that of its files often when they were published. */
function newest(units: readonly Unit[]): string {
  return units.reduce((latest, { time }) => (time > latest ? time : latest), "");
}

function fileSource(place: string): Source {
  const kind = kindOf(place);
  const time = statSync(place).mtime.toISOString();
  return {
    place,
    kind: "file",
    stamp: "",
    time,
    open: () => ({
      units: kind === null ? [] : [fileUnit(place, basename(place), kind)],
      other: kind === null ? 1 : 0,
      close() {},
    }),
  };
}

function archiveSource(place: string): Source {
  const stat = statSync(place);
  const time = stat.mtime.toISOString();
  return {
    place,
    kind: "archive",
    stamp: `${stat.size}:${stat.mtimeMs}`,
    time,
    open() {
      const zip = ZipFile.open(place);
      const units: Unit[] = [];
      for (const entry of zip.entries) {
        const kind = kindOf(entry.name);
        // A CSV is read as a stream, which an archive's entry is not.
        if (kind === null || kind === "csv") continue;
        units.push({
          name: entry.name,
          kind,
          stamp: `${entry.size}:${entry.crc}`,
          time,
          path: null,
          read: () => zip.read(entry),
        });
      }
      return { units, other: zip.entries.length - units.length, close: () => zip.close() };
    },
  };
}

function fileUnit(path: string, name: string, kind: UnitKind): Unit {
  const stat = lstatSync(path);
  return {
    name,
    kind,
    stamp: `${stat.size}:${stat.mtimeMs}`,
    time: stat.mtime.toISOString(),
    path,
    read() {
      if (stat.size > sourceLimits.record) {
        throw new ZipError(`it has ${stat.size} bytes, more than ${sourceLimits.record}`);
      }
      const bytes = readFileSync(path);
      if (bytes.length > sourceLimits.record) throw new ZipError("it grew while it was read");
      return bytes;
    },
  };
}

function listFolder(root: string) {
  const units: Unit[] = [];
  const archives: string[] = [];
  let other = 0;
  const visit = (folder: string, prefix: string, depth: number) => {
    if (depth > sourceLimits.depth) {
      throw new AdvisoryError(
        "invalid",
        `${quoted(root, 300)} has folders deeper than ${sourceLimits.depth} levels.`,
      );
    }
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort(byName)) {
      const path = join(folder, entry.name);
      const name = prefix + entry.name;
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory()) visit(path, `${name}/`, depth + 1);
      else if (entry.isFile()) {
        const kind = kindOf(entry.name);
        if (isZipName(entry.name)) archives.push(path);
        else if (kind === null) other++;
        else units.push(fileUnit(path, name, kind));
      }
      if (units.length + other > sourceLimits.files) {
        throw new AdvisoryError(
          "invalid",
          `${quoted(root, 300)} has more than ${sourceLimits.files} files.`,
        );
      }
    }
  };
  visit(root, "", 0);
  return { units, archives, other };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function kindOf(name: string): UnitKind | null {
  if (/\.json$/i.test(name)) return "json";
  if (/\.ya?ml$/i.test(name)) return "yaml";
  return /\.csv(?:\.gz)?$/i.test(name) ? "csv" : null;
}

function isZipName(name: string): boolean {
  return /\.zip$/i.test(name);
}

/** By its first bytes where its name does not say it. */
function isZip(path: string): boolean {
  if (isZipName(path)) return true;
  if (kindOf(path) !== null) return false;
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(4);
    return readSync(file, head, 0, 4, 0) === 4 && head.readUInt32LE(0) === 0x04034b50;
  } finally {
    closeSync(file);
  }
}
