/**
 * Lines of the allowed_signers file that `ssh-keygen -Y verify` reads
 * (ssh-keygen(1), ALLOWED SIGNERS). Only written here, never read.
 *
 * A principal in that file is a list of patterns: a line for `*@example.com` or
 * `a,bob@example.com` verifies as Bob. So only names in which nothing is a
 * pattern, a list, a quote or a space get a line.
 */
import { RecordError, quote } from "../bytes/error.ts";
import { timestamp } from "../bytes/shape.ts";
import { formatPublicKeyLine } from "./public-key.ts";

export type AllowedSigner = {
  readonly principal: string;
  /** At least one: a line without would stand for every namespace. */
  readonly namespaces: readonly string[];
  /** Public key blob. */
  readonly key: Uint8Array;
  /** Timestamps as the `timestamp` shape; both ends are included. */
  readonly validAfter?: string;
  readonly validBefore?: string;
};

/** One line, ending in a newline. */
export function allowedSignersLine(signer: AllowedSigner): string {
  const { principal, namespaces, validAfter, validBefore } = signer;
  if (!/^[A-Za-z0-9._+@-]+$/.test(principal)) {
    throw new RecordError(
      "key",
      `${quote(principal)} cannot be a principal: only letters, digits and . _ + @ - are safe`,
      { where: "principal" },
    );
  }
  if (namespaces.length === 0) throw new TypeError("a signer needs at least one namespace");
  for (const namespace of namespaces) {
    if (!/^[A-Za-z0-9._@-]+$/.test(namespace)) {
      throw new TypeError(`${quote(namespace)} cannot be a namespace in an allowed_signers line`);
    }
  }
  const options = [`namespaces="${namespaces.join(",")}"`];
  // The file knows whole seconds: rounding goes inwards, so a line never allows more than was meant.
  if (validAfter !== undefined)
    options.push(`valid-after="${wholeSeconds(validAfter, Math.ceil)}"`);
  if (validBefore !== undefined) {
    options.push(`valid-before="${wholeSeconds(validBefore, Math.floor)}"`);
  }
  if (validAfter !== undefined && validBefore !== undefined && validAfter > validBefore) {
    throw new RecordError("key", "ends before it begins", { where: "validBefore" });
  }
  return `${principal} ${options.join(",")} ${formatPublicKeyLine(signer.key)}\n`;
}

/** YYYYMMDDHHMMSSZ; without the Z, ssh-keygen would read it in the reader's time zone. */
function wholeSeconds(text: string, round: (n: number) => number): string {
  const seconds = round(Date.parse(timestamp(text)) / 1000);
  // Rounding up the last millisecond of the year 9999 leaves the four-digit years.
  if (seconds > 253402300799) throw new RecordError("key", "no such year in the file's format");
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
}
