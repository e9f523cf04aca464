/**
 * Other projects' logs: Tessera's golden log (Apache-2.0) and Sunlight's test
 * data (ISC style). They are not carried here: tests read them beside the
 * checkout, and say so where they have to skip.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const vectors: string = fileURLToPath(
  new URL("../../../../../shared/vectors/tlog/", import.meta.url),
);
export const haveVectors: boolean = existsSync(vectors);

export function readVector(path: string): Uint8Array {
  return new Uint8Array(readFileSync(vectors + path));
}
