/** Where advisory data are: where the user says, else with the user's data. They serve every repository. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { usage } from "./exit.ts";
import type { Context } from "./context.ts";

export function advisoriesFile(context: Pick<Context, "env" | "cwd">, named?: string): string {
  const said = named ?? context.env["COUNTERMAND_ADVISORIES"];
  if (said !== undefined && said !== "") return resolve(context.cwd, said);
  const data = context.env["XDG_DATA_HOME"];
  const base =
    data === undefined || data === ""
      ? join(context.env["HOME"] ?? homedir(), ".local", "share")
      : data;
  return join(base, "countermand", "advisories.sqlite");
}

/** Days after which data are too old to say that nothing affects a version; undefined: the usual. */
export function staleAfter(
  context: Pick<Context, "env">,
  named?: string,
): { readonly staleAfterDays?: number } {
  const said = named ?? context.env["COUNTERMAND_ADVISORIES_MAX_AGE_DAYS"];
  if (said === undefined || said === "") return {};
  if (!/^\d{1,5}$/.test(said)) {
    throw usage("The age after which advisory data are stale is a number of days, such as 30.");
  }
  return { staleAfterDays: Number(said) };
}
