/**
 * An image as an OCI image layout (image-spec 1.1: `oci-layout`, `index.json`,
 * `blobs/<algorithm>/<digest>`), as `skopeo copy … oci:DIR` or `docker buildx build
 * --output type=oci,tar=false` write it. Every blob's digest is checked. Read are the
 * manifest, the configuration's labels and the SBOMs attached to it: referrers by
 * `subject`, and BuildKit's attestation manifests. Layers are not opened.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { tooDeepAt } from "@countermand/record";
import { StateError } from "./error.ts";
import { readWhole, type StateFiles } from "./files.ts";

const largestBlob = 64 * 1024 * 1024;
const mostManifests = 200;
const deepest = 64;

type Json = { readonly [key: string]: unknown };

export type ImageState = {
  readonly digest: string;
  readonly revision?: string;
  readonly files: StateFiles;
};

export async function readOciLayout(folder: string, wanted?: string): Promise<ImageState> {
  const layout = new Layout(folder);
  const index = parse(await readWhole(join(folder, "index.json"), largestBlob), folder);
  const all = await layout.manifests(index, 0);
  const images = all.filter(({ json, artifact }) => !artifact && isJson(json["config"]));
  const image = wanted === undefined ? images[0] : images.find((one) => one.digest === wanted);
  if (image === undefined || (wanted === undefined && images.length > 1)) {
    throw new StateError(
      "bad-state",
      image === undefined
        ? `${folder} holds no image${wanted === undefined ? "" : ` ${wanted}`}`
        : `${folder} holds ${images.length} images; name one: image:${folder}@${image.digest}`,
    );
  }
  const config = await layout.json(field(field(image.json, "config"), "digest"));
  const labels = isJson(config["config"]) ? field(config["config"], "Labels") : undefined;
  const annotations = field(image.json, "annotations");
  const revision =
    text(field(labels, "org.opencontainers.image.revision")) ??
    text(field(annotations, "org.opencontainers.image.revision"));
  return {
    digest: image.digest,
    ...(revision !== undefined && /^[0-9a-f]{7,64}$/.test(revision) ? { revision } : {}),
    files: await layout.sboms(all, image.digest),
  };
}

type Manifest = {
  readonly digest: string;
  readonly json: Json;
  /** Something about an image rather than an image. */
  readonly artifact: boolean;
  /** What it is about. */
  readonly about?: string;
};

class Layout {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async blob(digest: unknown): Promise<Buffer> {
    if (typeof digest !== "string" || !/^sha256:[0-9a-f]{64}$/.test(digest)) {
      throw new StateError("bad-state", `${this.#folder} names a blob without a SHA-256 digest`);
    }
    const path = join(this.#folder, "blobs", "sha256", digest.slice(7));
    const content = await readWhole(path, largestBlob);
    if (createHash("sha256").update(content).digest("hex") !== digest.slice(7)) {
      throw new StateError("bad-state", `${path} has other content than its name says`);
    }
    return content;
  }

  async json(digest: unknown): Promise<Json> {
    return parse(await this.blob(digest), this.#folder);
  }

  /** All manifests that the index reaches; indexes may be nested once. */
  async manifests(index: Json, depth: number): Promise<Manifest[]> {
    const listed = Array.isArray(index["manifests"]) ? index["manifests"] : [];
    if (listed.length > mostManifests) {
      throw new StateError(
        "too-large",
        `${this.#folder} lists more than ${mostManifests} manifests`,
      );
    }
    const found: Manifest[] = [];
    for (const entry of listed) {
      if (!isJson(entry)) continue;
      const json = await this.json(entry["digest"]);
      if (Array.isArray(json["manifests"])) {
        if (depth < 2) found.push(...(await this.manifests(json, depth + 1)));
        continue;
      }
      const notes = field(entry, "annotations");
      const attests = text(field(notes, "vnd.docker.reference.digest"));
      const subject = text(field(field(json, "subject"), "digest"));
      const about = attests ?? subject;
      found.push({
        digest: String(entry["digest"]),
        json,
        artifact: about !== undefined || typeof json["artifactType"] === "string",
        ...(about === undefined ? {} : { about }),
      });
    }
    return found;
  }

  async sboms(all: readonly Manifest[], image: string): Promise<StateFiles> {
    const files = new Map<string, string>();
    for (const { json } of all.filter(({ about }) => about === image)) {
      const layers = Array.isArray(json["layers"]) ? json["layers"].filter(isJson) : [];
      for (const layer of layers.slice(0, mostManifests)) {
        const type = String(layer["mediaType"]);
        if (!/cyclonedx|spdx|in-toto/.test(type)) continue;
        const sbom = sbomIn(await this.json(layer["digest"]));
        if (sbom !== null) files.set(`image.${sbom.kind}.json`, JSON.stringify(sbom.document));
      }
    }
    return files;
  }
}

/** The document itself, or the predicate of an in-toto statement that carries it. */
function sbomIn(json: Json): { kind: "cdx" | "spdx"; document: Json } | null {
  const document = isJson(json["predicate"]) ? json["predicate"] : json;
  if (document["bomFormat"] === "CycloneDX") return { kind: "cdx", document };
  if (typeof document["spdxVersion"] === "string") return { kind: "spdx", document };
  return null;
}

function parse(content: Buffer, place: string): Json {
  try {
    const value: unknown =
      tooDeepAt(content, deepest) === null ? JSON.parse(content.toString("utf8")) : null;
    if (isJson(value)) return value;
  } catch {
    // Told below: no JSON, no object and a bomb are the same to a person.
  }
  throw new StateError("bad-state", `${place} holds a manifest that is not a JSON object`);
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function field(value: unknown, name: string): unknown {
  return isJson(value) ? value[name] : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
