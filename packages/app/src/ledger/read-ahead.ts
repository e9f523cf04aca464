/**
 * Reading in order what is read faster several at once: one after the other, most of the
 * time is spent waiting for a disk, a network or another thread.
 */

/** What `read` gives for 0, `step`, and so on below `size`, in order; `most` are under way at once. */
export async function* readAhead<T>(
  most: number,
  size: number,
  step: number,
  read: (from: number) => Promise<T>,
): AsyncGenerator<T> {
  const ahead: Promise<T>[] = [];
  for (let from = 0, next = 0; from < size; from += step) {
    for (; next < size && ahead.length < most; next += step) ahead.push(awaitedLater(read(next)));
    yield await (ahead.shift() as Promise<T>);
  }
}

/** Whoever asked waits for it later, and hears then that it failed, or is gone. */
export function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
