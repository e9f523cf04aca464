/** States that are no commits, on disk, for tests. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A new folder with these files; the caller removes it. */
export function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  const made = mkdtempSync(join(tmpdir(), "countermand-state-"));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(made, path)), { recursive: true });
    writeFileSync(join(made, path), content);
  }
  return made;
}

export type LayoutOptions = {
  readonly images?: number;
  /** Blobs that are not what their names say. */
  readonly broken?: boolean;
  readonly revision?: string;
  /** The CycloneDX document that is attested. */
  readonly sbom?: object;
};

/** An OCI layout made blob by blob, as the image specification and BuildKit's attestations have it. */
export function ociLayout(options: LayoutOptions = {}): string {
  const blobs: Record<string, string> = {};
  const put = (value: unknown) => {
    const text = JSON.stringify(value);
    const hex = createHash("sha256").update(text).digest("hex");
    blobs[`blobs/sha256/${hex}`] = options.broken === true ? `${text} ` : text;
    return { digest: `sha256:${hex}`, size: text.length };
  };
  const manifests: unknown[] = [];
  for (let i = 0; i < (options.images ?? 1); i++) {
    const revision = options.revision ?? "ab".repeat(20);
    const labels = { "org.opencontainers.image.revision": revision, n: String(i) };
    const image = put({
      schemaVersion: 2,
      config: put({ config: { Labels: labels } }),
      layers: [],
    });
    const predicate = options.sbom ?? {
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      components: [],
    };
    const statement = put({ predicateType: "https://cyclonedx.org/bom", predicate });
    const attestation = put({
      schemaVersion: 2,
      config: put({}),
      layers: [{ ...statement, mediaType: "application/vnd.in-toto+json" }],
    });
    manifests.push(image, {
      ...attestation,
      annotations: { "vnd.docker.reference.digest": image.digest },
    });
  }
  return folderOf({ ...blobs, "index.json": JSON.stringify({ manifests }) });
}
