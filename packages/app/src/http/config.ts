/** What a server needs to know; `main` makes it out of the configuration. */
export interface HttpConfig {
  /** Where it will listen; 0 for any free port. */
  readonly port: number;
  /** Beside loopback's: names under which it answers, with a port if that is not its own. */
  readonly names: readonly string[];
  /** Whoever has it may open the ledger. */
  readonly token: string;
  /** Largest artefact, in bytes. */
  readonly maxArtefactBytes: number;
  /** Largest JSON body, in bytes. */
  readonly maxJsonBytes: number;
  /** A whole request must arrive within this, in milliseconds. */
  readonly requestTimeout: number;
  /** Its headers within this. */
  readonly headersTimeout: number;
}

export const httpDefaults = {
  port: 7400,
  names: [],
  maxArtefactBytes: 64 * 1024 * 1024,
  maxJsonBytes: 1024 * 1024,
  requestTimeout: 120_000,
  headersTimeout: 15_000,
} as const satisfies Omit<HttpConfig, "token">;
