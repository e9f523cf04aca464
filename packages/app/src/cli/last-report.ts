/** The report that `undo` printed last, kept so that `explain` needs no file. */
import { createHash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { undoReportBytes } from "../undo/range/render.ts";
import type { UndoReport } from "../undo/range/report.ts";
import { cacheFolder } from "./cache-folder.ts";
import type { Context } from "./context.ts";

/** One for each folder that `undo` is run in. */
function place(context: Context, folder: string): string {
  const name = createHash("sha256").update(context.cwd).digest("hex").slice(0, 16);
  return join(folder, `${name}.json`);
}

export async function keepReport(context: Context, report: UndoReport): Promise<void> {
  const folder = cacheFolder(context, "reports", "countermand explain needs --report");
  if (folder === undefined) return;
  const file = place(context, folder);
  await writeFile(`${file}.${process.pid}`, undoReportBytes(report), { mode: 0o600 });
  await rename(`${file}.${process.pid}`, file);
}

export async function lastReport(context: Context): Promise<Uint8Array | undefined> {
  const folder = cacheFolder(context, "reports", "countermand explain needs --report");
  if (folder === undefined) return undefined;
  return await readFile(place(context, folder)).catch(() => undefined);
}
