/** From what a person writes, a folder, `s3://…` or `https://…`, to what is read or written there. */
import { resolve } from "node:path";
import { directorySource, directoryTarget } from "./directory-target.ts";
import { httpSource } from "./http-source.ts";
import type { S3Credentials } from "./s3-sign.ts";
import { parseS3Place, s3Source, s3Target } from "./s3-target.ts";
import { MirrorError, type MirrorSource, type MirrorTarget } from "./target.ts";

export interface MirrorSurroundings {
  /** What a relative folder is relative to. */
  readonly cwd: string;
  readonly s3: S3Credentials | undefined;
}

/** Throws a `MirrorError` "place" for an address that is none, "unreachable" or "full" for a folder that cannot be made. */
export async function openMirrorTarget(
  text: string,
  { cwd, s3 }: MirrorSurroundings,
): Promise<MirrorTarget> {
  if (isS3(text)) return s3Target(parseS3Place(text), credentials(s3));
  refuseOther(text);
  return await directoryTarget(resolve(cwd, text));
}

/** Like a target, but nothing is made; `https://` addresses can be read too. */
export function openMirrorSource(text: string, { cwd, s3 }: MirrorSurroundings): MirrorSource {
  if (isS3(text)) return s3Source(parseS3Place(text), credentials(s3));
  if (/^https?:/.test(text)) return httpSource(text);
  refuseOther(text);
  return directorySource(resolve(cwd, text));
}

function isS3(text: string): boolean {
  return text.startsWith("s3:");
}

function refuseOther(text: string): void {
  if (text !== "" && !/^[a-z0-9]+:\/\//.test(text)) return;
  throw new MirrorError(
    "place",
    "a mirror is a folder, or s3://<bucket>/<prefix>?endpoint=https://…&region=…",
  );
}

function credentials(given: S3Credentials | undefined): S3Credentials {
  if (given !== undefined) return given;
  throw new MirrorError(
    "place",
    "an s3:// mirror needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
  );
}
