/** Any log that is served as C2SP tlog-tiles, read over HTTP. Redirects are not followed, lengths are limited. */
import { MirrorError, type MirrorSource } from "./target.ts";

export function httpSource(prefix: string, timeout = 30_000): MirrorSource {
  const base = URL.canParse(prefix) ? new URL(prefix) : undefined;
  if (
    base === undefined ||
    !/^https?:$/.test(base.protocol) ||
    base.search + base.hash + base.username + base.password !== ""
  ) {
    throw new MirrorError(
      "place",
      "a log is an https:// or http:// address without user, query and fragment, such as https://log.example.com/log",
    );
  }
  const place = base.href.replace(/\/$/, "");
  return {
    place,
    async get(path, limit) {
      const url = `${place}/${path}`;
      let response: Response;
      try {
        response = await fetch(url, {
          redirect: "manual",
          signal: AbortSignal.timeout(timeout),
        });
        if (response.status === 200) return await bodyOf(response, url, limit);
        await response.body?.cancel();
      } catch (error) {
        if (error instanceof MirrorError) throw error;
        throw unreachable(url, error, timeout);
      }
      if (response.status === 404) return undefined;
      throw new MirrorError("unreachable", `${url} answered ${response.status}`);
    },
  };
}

/** A body of at most `limit` bytes, read no further than that. */
export async function bodyOf(response: Response, url: string, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array;
    length += bytes.length;
    if (length > limit) {
      throw new MirrorError("contradiction", `${url} has more than ${limit} bytes`);
    }
    chunks.push(bytes);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

export function unreachable(url: string, error: unknown, timeout: number): MirrorError {
  const late = error instanceof Error && error.name === "TimeoutError";
  const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
  return new MirrorError(
    "unreachable",
    `${url}: ${late ? `no answer within ${timeout / 1000} s` : (code ?? message)}`,
    { cause: error },
  );
}
