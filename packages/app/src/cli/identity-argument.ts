/** How a person writes an immutable state on the command line, and back. */
import type { Identity } from "@countermand/record";
import type { Repository } from "../undo/git/repository.ts";
import { resolveCommit } from "../undo/git/resolve.ts";
import { usage } from "./exit.ts";
import { plain } from "./terminal.ts";

export const identityHelp =
  "commit:<sha or ref>, image:[name@]sha256:<digest>, artifact:[name@]sha256:<digest>, version:<name>@<version>";

/**
 * `text` as an identity. A ref is resolved in `repository` to its commit now: a
 * branch or a tag can move, what is recorded cannot.
 */
export async function parseIdentity(
  text: string,
  repository: Repository | undefined,
): Promise<Identity> {
  const match = /^(commit|image|artifact|version):(.+)$/s.exec(text);
  const type = match?.[1] ?? "commit";
  const value = match?.[2] ?? text;
  if (type === "commit") {
    if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value) && repository === undefined) {
      return { type: "commit", commit: value };
    }
    if (repository === undefined) {
      throw usage(
        `${plain(value)} is not a full commit id, and there is no repository here to look it up in; give --repo or the full id.`,
      );
    }
    return { type: "commit", commit: await resolveCommit(repository, value) };
  }
  if (type === "version") {
    const version = /^([A-Za-z0-9][A-Za-z0-9._/:-]{0,98})@([A-Za-z0-9][A-Za-z0-9._-]{0,98})$/.exec(
      value,
    );
    if (version === null)
      throw usage(`A version is written version:<name>@<version>; found ${plain(text)}.`);
    return { type: "version", name: version[1] ?? "", version: version[2] ?? "" };
  }
  const digest = /^(?:([A-Za-z0-9][A-Za-z0-9._/:-]{0,98})@)?sha256:([0-9a-f]{64})$/.exec(value);
  if (digest === null) {
    throw usage(
      `An ${type} is named by its digest, never by a tag: ${type}:[name@]sha256:<64 hex digits>; found ${plain(text)}.`,
    );
  }
  const name = digest[1];
  return {
    type: type as "image" | "artifact",
    digest: digest[2] ?? "",
    ...(name === undefined ? {} : { name }),
  };
}
