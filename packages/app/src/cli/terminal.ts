/**
 * Text for a terminal. Whatever came from outside (a commit subject, a name, a
 * service) goes through `plain` first: control and bidirectional characters
 * become visible escapes, so nothing can move the cursor or reorder a line.
 */
import { styleText } from "node:util";
import type { Context } from "./context.ts";

/** Control characters, and those that change direction or are invisible. */
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udfff](?![\udc00-\udfff])(?<![\ud800-\udbff][\udc00-\udfff])/gu;

/** One line of foreign text, safe to print, cut to `max` characters. */
export function plain(text: string, max = 200): string {
  const shown = text.replaceAll(unsafe, (unit) =>
    unit === "\n" || unit === "\t" ? " " : `\\u{${(unit.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return shown.length > max ? `${shown.slice(0, max - 1)}…` : shown;
}

/** Foreign text of several lines, each safe, indented by `indent`. */
export function plainBlock(text: string, indent: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => `${indent}${plain(line, 2000)}`)
    .join("\n");
}

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

export function style(context: Pick<Context, "colour">, how: Style, text: string): string {
  return context.colour ? styleText(how, text, { validateStream: false }) : text;
}

/** Rows in columns, each as wide as its widest cell; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[], gap = 2): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, width(cell));
    });
  }
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) =>
        i === row.length - 1 ? cell : cell + " ".repeat((widths[i] ?? 0) - width(cell) + gap),
      )
      .join("");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}

function width(cell: string): number {
  return [...cell.replaceAll(/\u001b\[[0-9;]*m/g, "")].length;
}

/** `2026-11-23 09:14:03 UTC`: one zone for everybody who reads it. */
export function instant(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;
}

/** A span in words: `4 min`, `2 h 10 min`, `3 d 4 h`. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** `1 commit`, `2 commits`. */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n.toLocaleString("en-US")} ${n === 1 ? noun : plural}`;
}
