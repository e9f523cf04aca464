/** The scanners of an operator's file, and where their results are kept. */
import { resolve } from "node:path";
import type { Repository } from "../undo/git/repository.ts";
import type { UndoRequest } from "../undo/range/undo.ts";
import { pluginOf } from "../undo/scanners/plugin.ts";
import { loadScannerFile } from "../undo/scanners/scanner-file.ts";
import { cacheFolder } from "./cache-folder.ts";
import type { Context } from "./context.ts";
import { usage } from "./exit.ts";

/** What `undo` is asked with; nothing where no file is named. */
export async function scannersIn(
  context: Context,
  named: string | undefined,
  repository: Repository | undefined,
): Promise<Pick<UndoRequest, "scanners">> {
  const file = named ?? context.env["COUNTERMAND_SCANNERS"];
  if (file === undefined || file === "") return {};
  const assessed = repository === undefined ? [] : [repository.path, repository.gitDir];
  const setups = await loadScannerFile(resolve(context.cwd, file), assessed);
  if (typeof setups === "string") throw usage(setups);
  const cache = cacheFolder(context, "scanners", "the next run scans everything again");
  const plugins = setups.map((setup) => pluginOf(setup));
  return { scanners: { plugins, ...(cache === undefined ? {} : { cache }) } };
}
