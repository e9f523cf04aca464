/**
 * RFC 3161 time-stamp tokens, by OpenSSL's `ts` command as a child process. A token is
 * CMS with certificates in it; a reader of our own would be code that must be trusted
 * and that nobody else uses, and a library one more dependency for three calls. What
 * runs here is what an auditor runs on the same files, printed by `countermand times`.
 * Only a server that has a time authority needs it.
 *
 * Text that OpenSSL prints is read from verified tokens alone: what stands around a
 * token in an authority's answer is signed by nobody.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TimestampError } from "./error.ts";

/** Milliseconds that one call may take; a usual one takes 10. */
const patience = 10_000;
/** A token with a chain of certificates has some kilobytes. */
export const maxTokenBytes = 65_536;

/** Throws a `TimestampError` "openssl" where the command is not there. */
export async function checkOpenssl(): Promise<void> {
  await openssl(["version"]);
}

/** The question to an authority (DER) about the SHA-256 of `bytes`, with a nonce, asking for certificates. */
export async function formatQuery(sha256Hex: string): Promise<Uint8Array> {
  return inFolder(async (folder) => {
    const query = join(folder, "query");
    await openssl(["ts", "-query", "-digest", sha256Hex, "-sha256", "-cert", "-out", query]);
    return await readFile(query);
  });
}

/**
 * The token in the answer to `query`, and the time it names, in milliseconds. The
 * answer must be to this very question, by whoever `roots` (a file of PEM certificates)
 * vouches for as a time authority. Throws a `TimestampError`: "refused" or "untrue".
 */
export async function readAnswer(
  query: Uint8Array,
  answer: Uint8Array,
  roots: string,
): Promise<{ readonly token: Uint8Array; readonly time: Date }> {
  return inFolder(async (folder) => {
    const [asked, got, taken] = ["query", "answer", "token"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(asked, query);
    await writeFile(got, answer);
    try {
      await openssl(["ts", "-reply", "-in", got, "-token_out", "-out", taken]);
    } catch (error) {
      throw refused("its answer holds no token", error);
    }
    const token = await readFile(taken).catch(() => Buffer.alloc(0));
    if (token.length === 0 || token.length > maxTokenBytes) {
      throw new TimestampError("refused", "its answer holds no token that could be kept");
    }
    // The answer and not only the token: its nonce must be ours.
    await verify(["-queryfile", asked, "-in", taken, "-token_in", "-CAfile", roots]);
    return { token, time: await timeIn(taken) };
  });
}

/**
 * The time a kept token names, if it is over the SHA-256 and `roots` vouch for it.
 * Certificates are judged at `at`, in milliseconds: a token outlives its authority's
 * certificate. Throws a `TimestampError` "untrue".
 */
export async function verifyToken(
  token: Uint8Array,
  sha256Hex: string,
  roots: string,
  at: Date,
): Promise<Date> {
  return inFolder(async (folder) => {
    const file = join(folder, "token");
    await writeFile(file, token);
    const seconds = String(Math.floor(at.getTime() / 1000));
    await verify(
      ["-digest", sha256Hex, "-in", file, "-token_in"].concat("-CAfile", roots, "-attime", seconds),
    );
    return await timeIn(file);
  });
}

async function verify(args: readonly string[]): Promise<void> {
  try {
    await openssl(["ts", "-verify", ...args]);
  } catch (error) {
    if (error instanceof TimestampError) throw error;
    throw new TimestampError("untrue", `its token does not verify: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

async function timeIn(token: string): Promise<Date> {
  let text: string;
  try {
    text = await openssl(["ts", "-reply", "-in", token, "-token_in", "-text"]);
  } catch (error) {
    throw refused("its token cannot be read", error);
  }
  return parseTime(text);
}

/** The one `Time stamp:` line in what OpenSSL prints of a token. Throws a `TimestampError` "untrue". */
export function parseTime(text: string): Date {
  const lines = text.split("\n").filter((line) => line.startsWith("Time stamp:"));
  const match =
    /^Time stamp: ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))? (\d{4}) GMT$/.exec(
      lines.length === 1 ? (lines[0] ?? "") : "",
    );
  const month = months.indexOf(match?.[1] ?? "");
  if (match === null || month === -1) {
    throw new TimestampError("untrue", "its token names no time that could be read");
  }
  const [, , day, hour, minute, second, fraction = "", year] = match;
  const millis = Number(fraction.slice(0, 3).padEnd(3, "0"));
  return new Date(
    Date.UTC(
      Number(year),
      month,
      Number(day),
      Number(hour),
      Number(minute),
      Number(second),
      millis,
    ),
  );
}

function refused(what: string, error: unknown): TimestampError {
  if (error instanceof TimestampError) return error;
  return new TimestampError("refused", `${what}: ${reasonOf(error)}`, { cause: error });
}

/** The last line in which OpenSSL says why. */
function reasonOf(error: unknown): string {
  const lines = String((error as { stderr?: unknown }).stderr ?? error)
    .split("\n")
    .filter((line) => line.includes(":error:") || line.includes("rror"));
  const reason = (lines.at(-1) ?? "no reason was given").replace(/^.*:error:[0-9A-F]+:/, "");
  return reason.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 300);
}

function openssl(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      "openssl",
      [...args],
      { timeout: patience, maxBuffer: 1_048_576, encoding: "latin1" },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else if (error.code === "ENOENT") {
          reject(
            new TimestampError(
              "openssl",
              "the openssl command is not installed, and time-stamp tokens are checked with it",
            ),
          );
        } else if (error.killed === true) {
          reject(new TimestampError("openssl", `openssl did not end within ${patience / 1000} s`));
        } else reject(Object.assign(new Error(error.message), { stderr }));
      },
    );
  });
}

/** Its files are the calling user's alone, and gone afterwards. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "countermand-time-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
