/** The running server's token for opening its ledger: who can read it owns the data directory. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dataDirectory } from "../storage/data-directory.ts";

export function tokenFile(data: string): string {
  return join(dataDirectory(data).root, "token");
}

/** Undefined where no server wrote one, or it is not ours to read. */
export function readToken(data: string): string | undefined {
  try {
    return readFileSync(tokenFile(data), "utf8").trim();
  } catch {
    return undefined;
  }
}
