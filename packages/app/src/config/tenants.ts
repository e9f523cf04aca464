/**
 * Tenants: ledgers that one server serves beside its own. A tenant is a data folder
 * `tenants/<name>` below the server's, with a file `settings`: lines of KEY=VALUE
 * under the names that the server's environment uses (docs/operations/tenants.md).
 */
import { parseEnv } from "node:util";
import { ConfigError, readConfig, type Config } from "./config.ts";

export const settingsFile = "settings";
/** What a tenant's folder holds while it is stopped: when it was, and why. */
export const problemFile = "problem";
export const maxSettingsBytes = 64 * 1024;

/** What holds for a tenant, too, unless its settings say otherwise. Nothing that names another ledger's things. */
const inherited = [
  "DATABASE_URL",
  "COUNTERMAND_MAX_ARTEFACT_MB",
  "COUNTERMAND_SCRUB_RATE",
  "COUNTERMAND_TIME_AUTHORITY",
  "COUNTERMAND_TIME_AUTHORITY_ROOTS",
  "COUNTERMAND_TIME_AUTHORITY_MINUTES",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
];

/** What only the whole server has. */
const serversOwn = [
  "COUNTERMAND_DATA",
  "COUNTERMAND_HOST",
  "COUNTERMAND_PORT",
  "COUNTERMAND_TEST_LOG",
];

/** Of a folder and of a host's label: lower case, digits, hyphens inside. */
export function isTenantName(name: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
}

/**
 * The configuration of a tenant from the text of its settings. Its people reach it
 * under `url`, and must log in unless the settings say otherwise. Throws a
 * `ConfigError` that names the setting.
 */
export function readTenantConfig(
  env: Readonly<Record<string, string | undefined>>,
  text: string,
  data: string,
): Config & { readonly url: URL } {
  const settings = parseEnv(text);
  for (const name of Object.keys(settings)) {
    if (serversOwn.includes(name)) {
      throw new ConfigError(`${name} is the whole server's, and no setting of a tenant.`);
    }
    if (!/^(?:COUNTERMAND_|AWS_)[A-Z0-9_]+$|^DATABASE_URL$/.test(name)) {
      throw new ConfigError(
        `${JSON.stringify(name.slice(0, 60))} is no setting; their names are in docs/operations/tenants.md.`,
      );
    }
  }
  const handed = Object.fromEntries(inherited.map((name) => [name, env[name]]));
  const { url, ...config } = readConfig(
    { COUNTERMAND_LOGIN: "required", ...handed, ...settings },
    { data },
  );
  if (url === undefined) {
    throw new ConfigError(
      "COUNTERMAND_URL is missing: the address where this tenant's people reach it, such as https://acme.example.com.",
    );
  }
  return { ...config, url };
}
