/**
 * The operator's file of scanners: built-in ones by name with what is pinned for
 * them, and any other command that writes SARIF. YAML or JSON; format in
 * docs/operations/scanners.md.
 *
 * A file inside the repository that is assessed is refused: whoever wrote the
 * change would decide which program runs.
 */
import { lstat, open, realpath } from "node:fs/promises";
import { isAbsolute, sep } from "node:path";
import { parseDocument } from "yaml";
import { z } from "zod";
import { builtInScanner } from "./built-in.ts";
import { defaultTimeoutMs, type ScannerSetup, standIns } from "./descriptor.ts";

const largestFile = 256 * 1024;

const absolute = z.string().max(4096).refine(isAbsolute, "must be an absolute path");
const text = z
  .string()
  .max(4096)
  .refine((value) => !value.includes("\0"), "must not hold NUL");
const argument = text.refine(
  (value) =>
    (value.match(/\{\w+\}/g) ?? []).every((found) =>
      (standIns as readonly string[]).includes(found),
    ),
  `may stand in only ${standIns.join(", ")}`,
);
const fileName = z
  .string()
  .regex(/^[^/\0]{1,255}$/, "must be a file name")
  .refine((name) => name !== "." && name !== "..", "must be a file name");
const timeoutSeconds = z.int().min(1).max(3600).optional();

const known = z.strictObject({
  use: z.string().refine((id) => builtInScanner(id) !== undefined, "is no scanner known by name"),
  command: absolute.optional(),
  config: absolute.optional(),
  data: absolute.optional(),
  timeoutSeconds,
});

const other = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, "must be lower-case letters, digits and hyphens"),
  command: absolute,
  version: z.array(text).max(20),
  args: z.array(argument).max(200),
  result: z.union([z.literal("-"), fileName]).default("result.sarif"),
  exitCodes: z.array(z.int().min(0).max(255)).min(1).max(20).default([0]),
  environment: z.record(z.string().regex(/^[A-Za-z_]\w{0,100}$/), argument).default({}),
  leftOut: z.array(fileName).max(100).default([]),
  listsAllRules: z.boolean().default(false),
  config: absolute.optional(),
  data: absolute.optional(),
  timeoutSeconds,
});

const scannerFile = z.strictObject({ scanners: z.array(z.union([known, other])).max(20) });

/** The setups in the order of the file, or one sentence that says what is wrong with it. */
export function parseScannerFile(content: string): readonly ScannerSetup[] | string {
  if (content.length > largestFile)
    return `the scanner file is longer than ${largestFile} characters`;
  let value: unknown;
  try {
    const document = parseDocument(content, { prettyErrors: false, logLevel: "silent" });
    if (document.errors.length > 0) return "the scanner file is not YAML";
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    return "the scanner file is not YAML";
  }
  const read = scannerFile.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    return `the scanner file is wrong at ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`;
  }
  const setups = read.data.scanners.map(setupOf);
  const ids = setups.map(({ descriptor }) => descriptor.id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) return `the scanner file has ${twice} twice`;
  return setups;
}

type Entry = z.infer<typeof scannerFile>["scanners"][number];

function setupOf(entry: Entry): ScannerSetup {
  const pinned = {
    ...(entry.config === undefined ? {} : { config: entry.config }),
    ...(entry.data === undefined ? {} : { data: entry.data }),
    timeoutMs: entry.timeoutSeconds === undefined ? defaultTimeoutMs : entry.timeoutSeconds * 1000,
  };
  if ("use" in entry) {
    const descriptor = builtInScanner(entry.use);
    if (descriptor === undefined) throw new TypeError(`no scanner ${entry.use}`);
    return {
      descriptor:
        entry.command === undefined ? descriptor : { ...descriptor, command: entry.command },
      ...pinned,
    };
  }
  const { id, command, args, result, exitCodes, environment, leftOut, listsAllRules } = entry;
  const everything = [...args, ...Object.values(environment)];
  return {
    descriptor: {
      id,
      command,
      versionArgs: entry.version,
      args,
      result,
      exitCodes,
      needs: (["config", "data"] as const).filter((need) =>
        everything.some((one) => one.includes(`{${need}}`)),
      ),
      environment,
      leftOut,
      listsAllRules,
    },
    ...pinned,
  };
}

/**
 * Reads the file. Refused, in one sentence: one that is not a plain file, that
 * everybody may write, or that lies in one of `repositories` (absolute paths of
 * work trees and git directories).
 */
export async function loadScannerFile(
  path: string,
  repositories: readonly string[],
): Promise<readonly ScannerSetup[] | string> {
  try {
    const real = await realpath(path);
    for (const repository of repositories) {
      const folder = await realpath(repository);
      if (real === folder || real.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
        return "the scanner file lies in the repository that is assessed, whose authors must not choose it";
      }
    }
    const found = await lstat(real);
    if (!found.isFile() || found.size > largestFile) {
      return `the scanner file is not a file of at most ${largestFile} bytes`;
    }
    if ((found.mode & 0o002) !== 0)
      return "everybody may write the scanner file; take that right away";
    const file = await open(real, "r");
    try {
      return parseScannerFile(await file.readFile("utf8"));
    } finally {
      await file.close();
    }
  } catch {
    return "the scanner file cannot be read";
  }
}
