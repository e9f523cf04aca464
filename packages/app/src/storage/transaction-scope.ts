/**
 * Notices a statement that leaves the transaction it belongs to. Code running
 * inside `transaction()` that uses `read`, or opens another transaction, would
 * not see the transaction's own writes, and on SQLite would wait for itself.
 */
import { AsyncLocalStorage } from "node:async_hooks";

interface Scope {
  open: boolean;
}

export class TransactionScope {
  readonly #current = new AsyncLocalStorage<Scope>();

  /** Throws a `TypeError` inside a running transaction. `what` opens the sentence. */
  assertOutside(what: string): void {
    if (this.#current.getStore()?.open === true) {
      throw new TypeError(`${what} inside a running transaction; pass its tx on instead`);
    }
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const scope: Scope = { open: true };
    try {
      return await this.#current.run(scope, work);
    } finally {
      scope.open = false;
    }
  }
}
