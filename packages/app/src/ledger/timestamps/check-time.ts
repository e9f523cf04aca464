/** Kept tokens judged with roots that somebody believes: what `verify` of packages and mirrors needs. */
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { TimestampError } from "./error.ts";
import { checkOpenssl, verifyToken } from "./openssl.ts";

/** The time that a token names, or why it is not believed. */
export type TimeCheck = { readonly time: Date } | { readonly problem: string };

/**
 * Judges tokens over a SHA-256 (hex) with the PEM certificates in the file `roots`, which
 * are judged as of the time that the token is said to name. Throws a `TimestampError`
 * "openssl" where tokens cannot be read here, and "roots" for a file that has no certificate.
 */
export async function timeChecker(
  roots: string,
): Promise<(token: Uint8Array, sha256: string, at: Date) => Promise<TimeCheck>> {
  await checkRoots(roots);
  await checkOpenssl();
  return async (token, sha256, at) => {
    try {
      return { time: await verifyToken(token, sha256, roots, at) };
    } catch (error) {
      if (error instanceof TimestampError && error.code !== "openssl") {
        return { problem: error.message };
      }
      throw error;
    }
  };
}

/** Throws a `TimestampError` "roots" unless the file begins with a PEM certificate. */
export async function checkRoots(file: string): Promise<void> {
  try {
    void new X509Certificate(await readFile(file));
  } catch (error) {
    throw new TimestampError(
      "roots",
      `the roots of the time authority, ${file}, cannot be read as PEM certificates: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
