/** One line of progress that is written over, on a terminal only; nothing where output is kept. */
import type { Context } from "./context.ts";

export interface Progress {
  /** At most ten times a second. */
  show(text: string): void;
  clear(): void;
}

export function progressLine(context: Context): Progress {
  let shown = 0;
  let last = 0;
  return {
    show(text) {
      const now = context.now().getTime();
      if (!context.errIsTerminal || now - last < 100) return;
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
