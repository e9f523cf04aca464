/** Every link of the page comes from here, so that a path is written once and always encoded. */

export const paths = {
  home: (query: ListQuery = {}) => withQuery("/", { ...query }),
  record: (id: string) => `/records/${encode(id)}`,
  implication: (id: string) => `/implications/${encode(id)}`,
  reversals: (repository: string, after?: string) => withQuery("/reversals", { repository, after }),
  style: () => "/style.css",
  package: (id: string) => `/v1/records/${encode(id)}/package`,
  artefact: (digest: string) => `/v1/artefacts/${encode(digest)}`,
  openapi: () => "/openapi.json",
  checkpoint: () => "/log/checkpoint",
  logKey: () => "/log/key",
  loginScript: () => "/login.js",
  loginAtProvider: (back: string) => withQuery("/login/oidc", { return: back }),
  loginByLink: () => "/login/link",
  commandLine: () => "/login/cli",
  device: () => "/login/device",
  decide: (id: string) => `/records/${encode(id)}/decide`,
  signScript: () => "/sign.js",
  passkeys: () => "/passkeys",
  passkeyScript: () => "/passkey.js",
  session: () => "/session",
  endSession: () => "/session/end",
  logout: () => "/logout",
} as const;

export interface ListQuery {
  readonly status?: string;
  readonly service?: string;
  readonly environment?: string;
  readonly mode?: string;
  /** `true` */
  readonly mandatory?: string;
  readonly after?: string;
}

function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [`${name}=${encode(value)}`],
  );
  return given.length === 0 ? path : `${path}?${given.join("&")}`;
}

/** Foreign text may hold lone surrogates, which have no encoding. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
