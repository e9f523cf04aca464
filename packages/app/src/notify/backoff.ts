/** When a delivery that failed is tried again. Pure: the jitter is an argument. */

const first = 5_000;
const most = 60 * 60_000;

/**
 * Milliseconds after failed attempt number `attempts` (1 for the first): 5 s, then
 * three times as long each time, an hour at most; of that between a half and the
 * whole, so that many do not come back together. A receiver may ask for more, up
 * to an hour. `random` is in [0, 1).
 */
export function pauseAfter(attempts: number, random: number, asked = 0): number {
  const full = Math.min(first * 3 ** Math.min(attempts - 1, 20), most);
  return Math.max(Math.round(full * (0.5 + random / 2)), Math.min(asked, most));
}

/** `Retry-After` (RFC 9110 §10.2.3) in milliseconds from `now`; 0 for what is neither form. */
export function retryAfter(header: string | undefined, now: Date): number {
  if (header === undefined) return 0;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now.getTime());
}
