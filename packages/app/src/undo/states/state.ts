/**
 * The states that can be compared beside commits, as a person names them:
 *
 *     dir:PATH     a folder: rendered manifests, exported flags, configuration
 *     file:PATH    one file: an SBOM, a flag export, `terraform show -json`
 *     image:PATH   an image as an OCI layout folder; `image:PATH@sha256:…` picks one of several
 *
 * An image has the digest of its manifest, the commit that it was built from where
 * its labels say so (`org.opencontainers.image.revision`), and the SBOMs that are
 * attached to it. Everything else is a commit, tag or branch.
 */
import { readFolder, readSingleFile, type StateFiles } from "./files.ts";
import { readOciLayout } from "./oci-layout.ts";

export type State =
  | { readonly kind: "ref"; readonly ref: string }
  | {
      readonly kind: "files";
      /** `sha256:` over names and content, so that the same state has the same name anywhere. */
      readonly digest: string;
      readonly files: StateFiles;
    }
  | {
      readonly kind: "image";
      /** Digest of the image's manifest. */
      readonly digest: string;
      readonly revision?: string;
      /** SBOMs by name. */
      readonly files: StateFiles;
    };

/** Reads what the argument names. Throws `StateError`. */
export async function readState(argument: string): Promise<State> {
  const [, scheme = "", rest = ""] = /^(dir|file|image):(.+)$/s.exec(argument) ?? [];
  switch (scheme) {
    case "dir":
      return { kind: "files", ...(await readFolder(rest)) };
    case "file":
      return { kind: "files", ...(await readSingleFile(rest)) };
    case "image": {
      const [, path = rest, digest] = /^(.+)@(sha256:[0-9a-f]{64})$/s.exec(rest) ?? [];
      return { kind: "image", ...(await readOciLayout(path, digest)) };
    }
    default:
      return { kind: "ref", ref: argument };
  }
}
