/**
 * What a browser, a program or a person holds to be let in: 256 random bits.
 * The store has the SHA-256 alone, so who reads it can use nothing; a fast hash
 * is enough, because nobody guesses 256 bits. Looking a hash up in an index
 * tells by its timing nothing that helps to find what it is the hash of.
 */
import { createHash, randomBytes } from "node:crypto";

/** What stands before a secret says to people, and to scanners of repositories, what it is. */
export const prefixes = { session: "cms_", token: "cmt_" } as const;

const body = /^[A-Za-z0-9_-]{43}$/;

/** 43 characters of base64url, after `prefix`. */
export function newSecret(prefix = ""): string {
  return prefix + randomBytes(32).toString("base64url");
}

export function isSecret(text: string, prefix = ""): boolean {
  return text.startsWith(prefix) && body.test(text.slice(prefix.length));
}

/** SHA-256 in hex of the kind of secret and the secret: one kind is never found as another. */
export function hashSecret(kind: string, secret: string): string {
  return createHash("sha256").update(`countermand ${kind}\n${secret}`).digest("hex");
}

/** An id to show and to type, which lets nobody in. */
export function newId(): string {
  return randomBytes(8).toString("hex");
}

/** Whether an address carries a secret of ours: it is in logs and histories then. */
export function carriesSecret(url: string): boolean {
  return /cm[st]_[A-Za-z0-9_-]{43}/.test(url);
}
