/**
 * Why a log is frozen, as its row says: what was found and since when, in one text. The
 * row is all that a server that must not sign can leave.
 */

/** What was found, and when, as far as the row has it. */
export interface Alarm {
  readonly found: string;
  /** RFC 3339. */
  readonly foundAt?: string;
}

/** A statement that clears it holds no more. */
const most = 1_900;

/** `parseAlarm(formatAlarm(a))` gives `a`, but for what is too long. */
export function formatAlarm({ found, foundAt }: Alarm): string {
  const text = found.length > most ? `${found.slice(0, most - 1)}…`.toWellFormed() : found;
  return foundAt === undefined ? text : `${text} (found at ${foundAt})`;
}

export function parseAlarm(reason: string): Alarm {
  const match = /^([\s\S]+) \(found at (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\)$/.exec(reason);
  const [, found = "", foundAt = ""] = match ?? [];
  return match === null ? { found: reason } : { found, foundAt };
}
