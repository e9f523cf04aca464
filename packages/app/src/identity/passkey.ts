/**
 * Logging in with a passkey that the registry has. The browser signs a challenge
 * in a namespace of its own, so a login is never a statement and a statement is
 * never a login. The passkey's user handle is the person's id in UTF-8 (that is
 * how it is registered), so only that person's keys are tried.
 */
import {
  encodeUtf8,
  parsePublicKey,
  parsePublicKeyLine,
  RecordError,
  signedData,
  sshsigFromAssertion,
  verifySshsig,
} from "@countermand/record";
import { LoginError } from "./error.ts";
import type { People } from "./people.ts";

export const loginNamespace = "login.v1@countermand";

/** What WebAuthn's `challenge` is, for a message that the server made. */
export function passkeyChallenge(message: string): Uint8Array {
  return signedData(loginNamespace, "sha256", encodeUtf8(message));
}

/** What a browser answers, decoded. */
export interface PasskeyAnswer {
  readonly message: string;
  readonly userHandle: Uint8Array;
  readonly authenticatorData: Uint8Array;
  readonly clientDataJson: Uint8Array;
  readonly signature: Uint8Array;
}

/** Whether `line` is a passkey for this relying party. */
function isPasskeyFor(line: string, relyingParty: string): boolean {
  const key = parsePublicKey(parsePublicKeyLine(line));
  return key.type === "sk-ecdsa-sha2-nistp256@openssh.com" && key.application === relyingParty;
}

/** Whether somebody who is enrolled could log in at `origin` with a passkey. */
export async function hasPasskey(person: string, people: People, origin: URL): Promise<boolean> {
  const keys = await people.keysOf(person);
  return keys.some((line) => isPasskeyFor(line, origin.hostname));
}

/** The person whose passkey answered, seen by it as well as touched. Throws a `LoginError` "login-failed". */
export async function personOfPasskey(
  answer: PasskeyAnswer,
  people: People,
  origin: URL,
): Promise<string> {
  const person = new TextDecoder().decode(answer.userHandle);
  const keys = await people.keysOf(person);
  const passkeys = keys.filter((line) => isPasskeyFor(line, origin.hostname));
  let cause: unknown;
  for (const line of passkeys) {
    try {
      if (await isTrue(answer, parsePublicKeyLine(line), origin)) return person;
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      cause = error;
    }
  }
  throw new LoginError(
    "login-failed",
    passkeys.length === 0
      ? `nobody here has that passkey for ${origin.hostname}; an administrator enrols it`
      : "that passkey's answer is not true for this login; begin again",
    { cause },
  );
}

async function isTrue(answer: PasskeyAnswer, key: Uint8Array, origin: URL): Promise<boolean> {
  const made = {
    key,
    namespace: loginNamespace,
    message: encodeUtf8(answer.message),
  };
  const verified = await verifySshsig({
    ...made,
    signature: sshsigFromAssertion({ ...made, hashAlgorithm: "sha256", assertion: answer }),
    require: { userPresence: true, userVerification: true },
  });
  return verified.origin === origin.origin;
}
