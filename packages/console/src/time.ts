/** Instants and spans for a reader: always UTC, always with the machine's form beside it. */
import { html, type Html } from "./html.ts";

/** Above this gap between the two clocks the reader is told, in milliseconds. */
export const lateAfter = 5 * 60_000;

const instantForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/** `2026-11-23 02:14:03 UTC`. What is no instant is shown as it came. */
export function instant(time: string): Html {
  if (!instantForm.test(time)) return html`${time}`;
  return html`<time datetime="${time}">${time.slice(0, 10)} ${time.slice(11, 19)} UTC</time>`;
}

/** A short span for a narrow column, with the instant for the machine and the curious. */
export function relative(time: string, text: string): Html {
  if (!instantForm.test(time)) return html`${time}`;
  const full = `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;
  return html`<time datetime="${time}" title="${full}">${text}</time>`;
}

/** `just now`, `14 min ago`, `3 d ago`; for what lies ahead `in 14 min`. */
export function ago(time: string, now: Date): Html {
  const gap = now.getTime() - Date.parse(time);
  if (Math.abs(gap) < 60_000) return relative(time, "now");
  return relative(time, gap > 0 ? `${span(gap)} ago` : `in ${span(-gap)}`);
}

/** A span in words: `4 min`, `2 h 10 min`, `3 d 4 h`, `92 d`. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 || days > 9 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** `1 commit`, `2,304 commits`. */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n.toLocaleString("en-US")} ${n === 1 ? noun : plural}`;
}

/** `512 bytes`, `14.2 KB`, `3.0 MB`; a thousand is 1000. */
export function bytes(n: number): string {
  if (n < 1000) return count(n, "byte");
  const units = ["KB", "MB", "GB", "TB"];
  let value = n / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}
