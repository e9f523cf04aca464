/** The key of the logs in tests: made from the log's name, so that every process has it. */
import { createHash } from "node:crypto";
import { signerFromSeed, type LogSigner } from "../keys.ts";

export const origin = "log.example.com/test";

export async function testSigner(name = origin): Promise<LogSigner> {
  return signerFromSeed(name, new Uint8Array(createHash("sha256").update(name).digest()));
}
