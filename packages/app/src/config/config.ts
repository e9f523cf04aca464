/**
 * Environment to configuration, once, in one place. Everything has a default
 * that works on a laptop; nothing else in the program reads the environment.
 */

export interface Config {
  /** Folder of the embedded store, of keys, marks and artefacts. */
  readonly data: string;
  /** PostgreSQL, if the ledger is to live there. */
  readonly databaseUrl: string | undefined;
  /** The address the server listens on. */
  readonly host: string;
  readonly port: number;
  /** Whether one must log in; undefined: nobody said, which is good on loopback alone. */
  readonly login: "off" | "required" | undefined;
  /** Where people reach the server, if that is not where it listens. */
  readonly url: URL | undefined;
  /** The identity provider to log in at. */
  readonly oidc: OidcConfig | undefined;
  /** Host names, beside loopback's, under which requests are answered. */
  readonly names: readonly string[];
  /** The largest artefact that is taken, in bytes. */
  readonly maxArtefactBytes: number;
  /** File with the witnesses that are asked, and how many must have signed; none without it. */
  readonly witnessPolicy: string | undefined;
  /** Who time-stamps checkpoints (RFC 3161), and who vouches for that authority. */
  readonly timeAuthority: TimeAuthorityConfig | undefined;
  /** File that says who is told what; nobody is told anything without it. */
  readonly notify: string | undefined;
  /** Origin of a log for other people's test tools, which is then served instead of a ledger. */
  readonly testLog: string | undefined;
  /** Entries per second at which the log is read through in the background; 0: it is not. */
  readonly scrubRate: number;
  /** Copies of the log to keep: folders, or `s3://bucket/prefix?…`. */
  readonly mirrors: readonly string[];
  /** For mirrors in buckets. */
  readonly s3: S3Keys | undefined;
  /** Socket of the process that holds the log's key; undefined: this one does. */
  readonly logSigner: string | undefined;
  /** Where the passphrase of sealed key files is. */
  readonly keyPassphrase: PassphraseSource | undefined;
}

/** A file, a program that prints it, or the passphrase itself. */
export interface PassphraseSource {
  readonly kind: "file" | "program" | "text";
  readonly value: string;
}

export interface OidcConfig {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent: a public client. */
  readonly clientSecret?: string;
  /** Beside `openid`. */
  readonly scopes: readonly string[];
  /** The claim that lists group ids. */
  readonly groupsClaim: string;
}

export interface TimeAuthorityConfig {
  readonly url: string;
  /** A file of PEM certificates. */
  readonly roots: string;
  /** Milliseconds between two tokens. */
  readonly every: number;
}

export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "invalid";
}

type Environment = Readonly<Record<string, string | undefined>>;

export function readConfig(env: Environment, given: { readonly data?: string } = {}): Config {
  return {
    data: given.data ?? text(env, "COUNTERMAND_DATA") ?? "./.countermand",
    databaseUrl: databaseUrl(text(env, "DATABASE_URL")),
    host: text(env, "COUNTERMAND_HOST") ?? "127.0.0.1",
    port: whole(env, "COUNTERMAND_PORT", 7400, 0, 65_535),
    login: loginMode(text(env, "COUNTERMAND_LOGIN")),
    url: publicUrl(text(env, "COUNTERMAND_URL")),
    oidc: oidcConfig(env),
    names: (text(env, "COUNTERMAND_NAMES") ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
    witnessPolicy: text(env, "COUNTERMAND_WITNESS_POLICY"),
    timeAuthority: timeAuthority(env),
    notify: text(env, "COUNTERMAND_NOTIFY"),
    testLog: text(env, "COUNTERMAND_TEST_LOG"),
    scrubRate: whole(env, "COUNTERMAND_SCRUB_RATE", 2_000, 0, 1_000_000),
    mirrors: (text(env, "COUNTERMAND_MIRRORS") ?? "").split(/\s+/).filter((one) => one !== ""),
    s3: s3Keys(env),
    keyPassphrase: keyPassphrase(env),
    logSigner: text(env, "COUNTERMAND_SIGNER"),
    maxArtefactBytes: whole(env, "COUNTERMAND_MAX_ARTEFACT_MB", 64, 1, 4096) * 1024 * 1024,
  };
}

function keyPassphrase(env: Environment): PassphraseSource | undefined {
  const given = (
    [
      ["file", text(env, "COUNTERMAND_KEY_PASSPHRASE_FILE")],
      ["program", text(env, "COUNTERMAND_KEY_ASKPASS")],
      ["text", env["COUNTERMAND_KEY_PASSPHRASE"]],
    ] as const
  ).flatMap(([kind, value]) => (value === undefined || value === "" ? [] : [{ kind, value }]));
  if (given.length > 1) {
    throw new ConfigError(
      "COUNTERMAND_KEY_PASSPHRASE_FILE, COUNTERMAND_KEY_ASKPASS and COUNTERMAND_KEY_PASSPHRASE: one of them is given, not several.",
    );
  }
  return given[0];
}

function loginMode(value: string | undefined): Config["login"] {
  if (value === undefined || value === "off" || value === "required") return value;
  throw new ConfigError(
    `COUNTERMAND_LOGIN is off or required; found ${JSON.stringify(value.slice(0, 40))}.`,
  );
}

/** https, or http on this machine: cookies and passkeys are not for anything else. */
function secureUrl(value: string, name: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const loopback = ["127.0.0.1", "localhost", "[::1]"];
  const { protocol, hostname, username, password, search, hash } = url ?? {};
  const secure =
    protocol === "https:" ||
    (protocol === "http:" &&
      // RFC 6761: names below localhost are this machine.
      (loopback.includes(hostname ?? "") || hostname?.endsWith(".localhost") === true));
  if (url !== undefined && secure && `${username}${password}${search}${hash}` === "") return url;
  throw new ConfigError(
    `${name} is an https:// address, or http:// on this machine, without user, query and fragment; found ${JSON.stringify(value.slice(0, 200))}.`,
  );
}

function publicUrl(value: string | undefined): URL | undefined {
  if (value === undefined) return undefined;
  const url = secureUrl(value, "COUNTERMAND_URL");
  if (url.pathname === "/") return url;
  throw new ConfigError(
    `COUNTERMAND_URL is a scheme, a host and perhaps a port, such as ${url.origin}; found the path ${url.pathname.slice(0, 100)} too.`,
  );
}

function oidcConfig(env: Environment): OidcConfig | undefined {
  const issuer = text(env, "COUNTERMAND_OIDC_ISSUER");
  const clientId = text(env, "COUNTERMAND_OIDC_CLIENT_ID");
  if (issuer === undefined && clientId === undefined) return undefined;
  if (issuer === undefined || clientId === undefined) {
    throw new ConfigError(
      "COUNTERMAND_OIDC_ISSUER and COUNTERMAND_OIDC_CLIENT_ID are given together; one of them is missing.",
    );
  }
  secureUrl(issuer, "COUNTERMAND_OIDC_ISSUER");
  const clientSecret = text(env, "COUNTERMAND_OIDC_CLIENT_SECRET");
  return {
    // As it is written: issuers are compared byte by byte.
    issuer,
    clientId,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    scopes: (text(env, "COUNTERMAND_OIDC_SCOPES") ?? "")
      .split(/\s+/)
      .filter((scope) => scope !== "" && scope !== "openid"),
    groupsClaim: text(env, "COUNTERMAND_OIDC_GROUPS_CLAIM") ?? "groups",
  };
}

/** http:// will do: a token is signed, and made for one question. */
function timeAuthority(env: Environment): TimeAuthorityConfig | undefined {
  const address = text(env, "COUNTERMAND_TIME_AUTHORITY");
  const roots = text(env, "COUNTERMAND_TIME_AUTHORITY_ROOTS");
  const every = whole(env, "COUNTERMAND_TIME_AUTHORITY_MINUTES", 10, 1, 1_440) * 60_000;
  if (address === undefined && roots === undefined) return undefined;
  if (address === undefined || roots === undefined) {
    throw new ConfigError(
      "COUNTERMAND_TIME_AUTHORITY and COUNTERMAND_TIME_AUTHORITY_ROOTS (a file of PEM certificates) are given together; one of them is missing.",
    );
  }
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const { protocol = "", username, password, hash } = url ?? {};
  // It is shown in /health and kept beside each token, so it holds no secret.
  if (!/^https?:$/.test(protocol) || `${username}${password}${hash}` !== "") {
    throw new ConfigError(
      "COUNTERMAND_TIME_AUTHORITY is an http:// or https:// address, without user and fragment.",
    );
  }
  return { url: address, roots, every };
}

/** Under the names that S3 tools read; undefined unless both halves are there. */
function s3Keys(env: Environment): S3Keys | undefined {
  const accessKeyId = text(env, "AWS_ACCESS_KEY_ID");
  const secretAccessKey = text(env, "AWS_SECRET_ACCESS_KEY");
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  const sessionToken = text(env, "AWS_SESSION_TOKEN");
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

function text(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === "" ? undefined : value;
}

function whole(env: Environment, name: string, fallback: number, min: number, max: number): number {
  const value = text(env, name);
  if (value === undefined) return fallback;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max)) {
    throw new ConfigError(
      `${name} is a whole number from ${min} to ${max}; found ${JSON.stringify(value)}.`,
    );
  }
  return number;
}

function databaseUrl(value: string | undefined): string | undefined {
  if (value === undefined || /^postgres(?:ql)?:\/\//.test(value)) return value;
  // The value is not repeated: it holds a password.
  throw new ConfigError(
    "DATABASE_URL begins with postgresql://; leave it unset for the embedded store.",
  );
}
