/** The folders of tenants: making one, and what can be seen of them from outside the server. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import type { Context, TenantFolder } from "../cli/context.ts";
import { CommandError, exitCodes, usage } from "../cli/exit.ts";
import { plain } from "../cli/terminal.ts";
import { readConfig } from "../config/config.ts";
import { isTenantName, problemFile, readTenantConfig, settingsFile } from "../config/tenants.ts";
import { dataDirectory, findServer } from "../storage/data-directory.ts";
import { writeDurably } from "../storage/durable-files.ts";

interface Options {
  readonly data?: string;
}

export async function addTenant(
  { env }: Pick<Context, "env">,
  options: Options,
  name: string,
  address: string,
): Promise<{ readonly data: string; readonly url: string; readonly serverRuns: boolean }> {
  if (!isTenantName(name)) {
    throw usage(
      `A tenant's name has small letters, digits and hyphens inside, 63 at most; found ${plain(JSON.stringify(name), 80)}.`,
    );
  }
  const server = readConfig(env, options).data;
  const data = join(dataDirectory(server).tenants, name);
  const settings = `COUNTERMAND_URL=${JSON.stringify(address.trim())}\n`;
  const { url } = readTenantConfig({}, settings, data);
  const other = tenantFolders({ env }, options).find((it) => it.url === url.origin);
  if (existsSync(join(data, settingsFile))) {
    throw refused(
      `There is a tenant ${name} already; its settings are ${join(data, settingsFile)}.`,
    );
  }
  if (other !== undefined) {
    throw refused(
      `${url.origin} is the address of the tenant ${other.name} already; each has one of its own.`,
    );
  }
  mkdirSync(data, { recursive: true, mode: 0o700 });
  await writeDurably(join(data, settingsFile), settings, { mode: 0o600, replace: false });
  return { data, url: url.origin, serverRuns: findServer(server) !== undefined };
}

function refused(says: string): CommandError {
  return new CommandError(exitCodes.finding, says);
}

/** By name. */
export function tenantFolders(
  { env }: Pick<Context, "env">,
  options: Options,
): readonly TenantFolder[] {
  const { tenants } = dataDirectory(readConfig(env, options).data);
  if (!existsSync(tenants)) return [];
  return readdirSync(tenants)
    .filter(isTenantName)
    .sort()
    .map((name) => {
      const data = join(tenants, name);
      const problem = read(join(data, problemFile))?.trim();
      const url = urlOf(read(join(data, settingsFile)) ?? "");
      const served = findServer(data) !== undefined;
      return {
        name,
        data,
        ...(url === undefined ? {} : { url }),
        state: served ? "served" : problem === undefined ? "not served" : "stopped",
        ...(problem === undefined || served ? {} : { problem }),
      };
    });
}

/** Of settings that may be wrong otherwise. */
function urlOf(settings: string): string | undefined {
  const url = parseEnv(settings)["COUNTERMAND_URL"] ?? "";
  return URL.canParse(url) ? new URL(url).origin : undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
