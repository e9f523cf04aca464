/**
 * A log's key from a server's data folder to a signer's, and back. What stays at the
 * server is the public key. Killed in between, the key is in both places, and the same
 * command again finishes it: it is never in none.
 */
import { existsSync } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { formatVerifierKey } from "@countermand/tlog";
import type { DataDirectory } from "../../storage/data-directory.ts";
import { syncFolder, writeDurably } from "../../storage/durable-files.ts";
import { LedgerError } from "../error.ts";
import { keyFiles } from "../key-folder.ts";
import { isPublic, readKeyLine, readPublicKey } from "../keys.ts";
import { markFile } from "../mark.ts";

type Folders = Pick<DataDirectory, "root" | "keys" | "marks">;

/**
 * Both directories are held by the caller. Answers the verifier keys that were moved. Throws a
 * `LedgerError` "key-file" where there is nothing to move, or another log's key is there.
 */
export async function moveKeys(from: Folders, to: Folders): Promise<readonly string[]> {
  const [here, there] = [keyFiles(from.keys), keyFiles(to.keys)];
  if (!existsSync(here.log)) {
    throw new LedgerError("key-file", `there is no log key in ${from.root}`);
  }
  const { name } = await readPublicKey(here.log);
  const mark = markFile(from.marks, name);
  const moved: string[] = [];
  for (const [source, target] of [
    [here.log, there.log],
    [here.next, there.next],
  ] as const) {
    if (!existsSync(source)) continue;
    const line = await readKeyLine(source);
    if (isPublic(line)) continue;
    const vkey = formatVerifierKey(await readPublicKey(source));
    await place(line, vkey, target);
    moved.push(vkey);
  }
  if (moved.length === 0) {
    throw new LedgerError(
      "key-file",
      `${from.root} has public keys only: its keys are with a signer already`,
    );
  }
  // Whoever signs from now on knows what was signed before, not less.
  if (existsSync(mark)) {
    await copyFile(mark, markFile(to.marks, name));
    await syncFolder(to.marks);
  }
  for (const source of [here.log, here.next]) {
    if (!existsSync(source) || isPublic(await readKeyLine(source))) continue;
    const vkey = formatVerifierKey(await readPublicKey(source));
    if (source === here.next) {
      await rm(source);
      await syncFolder(from.keys);
    } else {
      await writeDurably(source, `${vkey}\n`, { mode: 0o600, replace: true });
    }
  }
  return moved;
}

/** The same key there already is as good as moved; a public one of it gives way. */
async function place(line: string, vkey: string, target: string): Promise<void> {
  if (existsSync(target)) {
    const found = formatVerifierKey(await readPublicKey(target));
    if (found !== vkey) {
      throw new LedgerError(
        "key-file",
        `${target} is another key (${found}), and a key is never overwritten; use a folder for each log`,
      );
    }
    if (!isPublic(await readKeyLine(target))) return;
  }
  await writeDurably(target, `${line}\n`, { mode: 0o600, replace: existsSync(target) });
}
