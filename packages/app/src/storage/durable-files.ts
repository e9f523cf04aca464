/** What it takes for a file to be there after the power has failed. */
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fileError } from "./error.ts";

/** Puts a folder's names on the disk. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that it is there as a whole or not at all. `replace: false`
 * never touches a file that has the name already, and then throws EEXIST.
 */
export async function writeDurably(
  file: string,
  bytes: Uint8Array | string,
  { mode, replace }: { readonly mode: number; readonly replace: boolean },
): Promise<void> {
  const target = replace ? `${file}.${process.pid}.partial` : file;
  try {
    const handle = await open(target, "wx", mode);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } catch (error) {
      await rm(target, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    if (replace) await rename(target, file);
    await syncFolder(dirname(file));
  } catch (error) {
    throw fileError(error, file);
  }
}
