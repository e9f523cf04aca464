/** A frozen ledger, opened so that the one statement which ends that can be appended. */
import type { Context, LedgerOptions, OpenFrozen } from "../cli/context.ts";
import { readConfig } from "../config/config.ts";
import { parseAlarm } from "../ledger/alarm.ts";
import { openApplication } from "./application.ts";

export async function openFrozen(
  context: Context,
  options: Pick<LedgerOptions, "data">,
): Promise<OpenFrozen> {
  const config = readConfig(context.env, options);
  const application = await openApplication(config, context.now, { thaw: true });
  const reason = application.service.opened?.ledger.thaws();
  return {
    countermand: application.service,
    place: application.place,
    ...(reason === undefined ? {} : { alarm: parseAlarm(reason) }),
    close: () => application.close(),
  };
}
