/** Times as the ledger writes them: RFC 3339, UTC, milliseconds. They sort as text. */
export function later(time: string, minutes: number): string {
  return new Date(Date.parse(time) + minutes * 60_000).toISOString();
}
