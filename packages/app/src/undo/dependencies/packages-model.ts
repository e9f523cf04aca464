/** Files that name packages, read once: the first reader that takes the path. */
import { type Model, Unread } from "../models/model.ts";
import type { PackageSet } from "./package-set.ts";
import { compiledReaders } from "./readers/compiled.ts";
import { deliveryReaders, lastReaders } from "./readers/delivery.ts";
import { javascriptReaders } from "./readers/javascript.ts";
import { pythonReaders } from "./readers/python.ts";
import { mostPackages, type Reader } from "./readers/reader.ts";
import { sbomReaders } from "./readers/sbom.ts";
import { scriptedReaders } from "./readers/scripted.ts";

const readers: readonly Reader[] = [
  ...javascriptReaders,
  ...pythonReaders,
  ...compiledReaders,
  ...scriptedReaders,
  ...deliveryReaders,
  ...sbomReaders,
  ...lastReaders,
];

const longest = 20_000_000;

export function readerFor(path: string): Reader | undefined {
  return readers.find((reader) => reader.reads(path));
}

export function isDependencyFile(path: string): boolean {
  return readerFor(path) !== undefined;
}

export const packagesModel: Model<PackageSet> = {
  id: "packages",
  version: 2,
  parse(text, path) {
    const reader = readerFor(path);
    if (reader === undefined) return new Unread("no reader takes such a file");
    if (text.length > longest) return new Unread(`longer than ${longest} characters`);
    let packages: ReturnType<Reader["read"]>;
    try {
      packages = reader.read(text.replace(/^\uFEFF/, ""), path);
    } catch (error) {
      // A library's own limit (its stack) is the file's fault, and no more than that.
      if (!(error instanceof RangeError)) throw error;
      return new Unread("nested too deep");
    }
    if (packages instanceof Unread) return packages;
    if (packages.length > mostPackages) return new Unread(`more than ${mostPackages} packages`);
    return { format: reader.format, kind: reader.kind, packages };
  },
};
