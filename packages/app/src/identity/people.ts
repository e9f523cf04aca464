/**
 * Who is who, as the registry of the ledger says: a port, because the registry
 * is read by what stands above. An account is an issuer and a subject; a mail
 * address or a name never decides, since either can be given to somebody else.
 */

export interface Passkey {
  /** One line in authorized_keys form. */
  readonly publicKey: string;
  readonly fingerprint: string;
}

/** Every answer is as of now: what the registry took back a moment ago is gone. */
export interface People {
  /** The person that an administrator linked this account to. */
  personOf(issuer: string, subject: string): Promise<string | undefined>;
  /** Whether somebody of that id is enrolled, as a human or not, and may still do anything. */
  isEnrolled(person: string): Promise<boolean>;
  mayAdminister(person: string): Promise<boolean>;
  /** The passkeys of that person that may be used now, for a relying party. */
  passkeysOf(person: string, relyingParty: string): Promise<readonly Passkey[]>;
  /** Ids of humans who are enrolled, administrators first. */
  humans(): Promise<readonly string[]>;
}
