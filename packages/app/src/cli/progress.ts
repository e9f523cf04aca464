/**
 * One line of progress that is written over on a terminal. Where output is kept, a line
 * now and then if the command asks for it: a log of a long run shows that it goes on.
 */
import type { Context } from "./context.ts";

export interface Progress {
  /** At most ten times a second. */
  show(text: string): void;
  clear(): void;
}

/** `everySeconds`: how often a line is written where standard error is no terminal; never without it. */
export function progressLine(
  context: Context,
  { everySeconds = Number.POSITIVE_INFINITY }: { readonly everySeconds?: number } = {},
): Progress {
  let shown = 0;
  let last = context.errIsTerminal ? 0 : context.now().getTime();
  return {
    show(text) {
      const now = context.now().getTime();
      if (!context.errIsTerminal) {
        if (now - last < 1000 * everySeconds) return;
        last = now;
        context.err(`${text}\n`);
        return;
      }
      if (now - last < 100) return;
      last = now;
      const line = text.slice(0, Math.max(20, context.columns - 1));
      context.err(`\r${line.padEnd(shown)}`);
      shown = line.length;
    },
    clear() {
      if (shown === 0) return;
      context.err(`\r${" ".repeat(shown)}\r`);
      shown = 0;
    },
  };
}
