/**
 * Who is who, as the registry of the ledger says: a port, because the registry
 * is read by what stands above. An account is an issuer and a subject; a mail
 * address or a name never decides, since either can be given to somebody else.
 */

/** Every answer is as of now: what the registry took back a moment ago is gone. */
export interface People {
  /** The person that an administrator linked this account to. */
  personOf(issuer: string, subject: string): Promise<string | undefined>;
  /** Whether somebody of that id is enrolled and may do anything at all. */
  isEnrolled(person: string): Promise<boolean>;
  mayAdminister(person: string): Promise<boolean>;
  /** The keys of that person that may be used now, each a line in authorized_keys form. */
  keysOf(person: string): Promise<readonly string[]>;
  /** Ids of humans who are enrolled, administrators first. */
  humans(): Promise<readonly string[]>;
}
