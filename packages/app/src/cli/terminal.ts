/**
 * Text for a terminal. Whatever came from outside (a commit subject, a name, a
 * service) goes through `plain` first: control and bidirectional characters
 * become visible escapes, so nothing can move the cursor or reorder a line.
 */
import { styleText } from "node:util";
import { duration, forTerminal } from "../undo/text.ts";
import type { Context } from "./context.ts";

/** One line of foreign text, safe to print, cut to `max` characters. */
export function plain(text: string, max = 200): string {
  return forTerminal(text, max);
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
  return Array.from(cell.replaceAll(/\u001b\[[0-9;]*m/g, "")).length;
}

/** `2026-11-23 09:14:03 UTC`: one zone for everybody who reads it. */
export function instant(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;
}

/** A span in words: `4 min`, `3 d`. */
export function span(milliseconds: number): string {
  return duration(Math.max(0, milliseconds) / 1000);
}
