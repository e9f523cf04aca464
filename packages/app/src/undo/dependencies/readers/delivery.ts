/**
 * What delivery is made of: images (Dockerfiles, compose, manifests, chart values),
 * actions, hooks, charts, Terraform providers and modules, language runtimes.
 */
import { readYaml, textAt, valuesAt, type Yaml } from "../../lattice/yaml.ts";
import { Unread } from "../../models/model.ts";
import type { LockedPackage } from "../package-set.ts";
import { linesOf, locked, type Reader } from "./reader.ts";

/** `registry/name:tag@sha256:…`; null where it is made of variables. */
export function imageReference(text: string, line: number): LockedPackage | null {
  const found =
    /^((?:[\w.-]{1,100}(?::\d{1,5})?\/)?[\w./-]{1,200}?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(
      text.trim(),
    );
  if (found === null || text.includes("$") || /^(?:scratch|\.|\/)/.test(text)) return null;
  const [, name = "", tag, digest] = found;
  if (!/[a-z]/i.test(name) || name.length < 2) return null;
  return locked({
    ecosystem: "docker",
    name: name.replace(/^(?:index\.)?docker\.io\//, "").replace(/^library\//, ""),
    line,
    direct: true,
    ...(tag === undefined ? {} : { version: tag }),
    integrity: digest === undefined ? [] : [digest],
    pin:
      digest !== undefined ? "digest" : tag === undefined || !/\d/.test(tag) ? "moving" : "version",
  });
}

export const dockerfile: Reader = {
  format: "docker/dockerfile",
  kind: "manifest",
  reads: (path) =>
    /(?:^|\/)(?:Dockerfile|Containerfile)(?:[.-][\w.-]+)?$|\.(?:dockerfile|Dockerfile)$/.test(path),
  read(text) {
    const found: LockedPackage[] = [];
    const stages = new Set<string>();
    const args = new Map<string, string>();
    for (const { line, number } of linesOf(text)) {
      const arg = /^\s*ARG\s+([A-Za-z_]\w{0,100})=["']?([^"'\s]{1,300})/i.exec(line);
      if (arg !== null) {
        args.set(arg[1] ?? "", arg[2] ?? "");
        const runtime =
          /^(GO|GOLANG|NODE|NODEJS|PYTHON|RUBY|RUST|PHP|JAVA|ALPINE|DEBIAN|UBUNTU|DOTNET)_?VERSION$/i.exec(
            arg[1] ?? "",
          )?.[1];
        const version = /^v?(\d[\w.-]{0,60})$/.exec(arg[2] ?? "")?.[1];
        if (runtime !== undefined && version !== undefined) {
          found.push(runtimeOf(runtime.toLowerCase(), version, number));
        }
        continue;
      }
      const from =
        /^\s*FROM\s+(?:--platform=\S{1,100}\s+)?(\S{1,500})(?:\s+AS\s+(\S{1,200}))?/i.exec(line);
      const copied = /^\s*COPY\s+--from=(\S{1,500})\s/i.exec(line)?.[1];
      const named = from?.[1] ?? copied;
      if (named === undefined) continue;
      const image = named.replaceAll(
        /\$\{?([A-Za-z_]\w{0,100})(?::?-([^}]{0,200}))?\}?/g,
        (whole, name: string, fallback?: string) => args.get(name) ?? fallback ?? whole,
      );
      if (from?.[2] !== undefined) stages.add(from[2].toLowerCase());
      if (stages.has(image.toLowerCase()) || /^\d+$/.test(image)) continue;
      const reference = imageReference(image, number);
      if (reference !== null) found.push(reference);
    }
    return found;
  },
};

const isCompose = /(?:^|\/)(?:docker-)?compose[\w.-]*\.ya?ml$/i;

/** Keys of one mapping that make an image together. */
type ImageParts = { readonly column: number; line: number; readonly values: Map<string, string> };

function ofParts({ values, line }: ImageParts): LockedPackage | null {
  const newTag = values.get("newTag");
  // `name` is everything's; beside `newTag` it is the image that kustomize replaces.
  const name = values.get("repository") ?? values.get("newName") ?? (newTag && values.get("name"));
  const tag = values.get("tag") ?? newTag;
  if (name === undefined || name === "" || tag === undefined) return null;
  const registry = values.get("registry");
  const digest = values.get("digest");
  const held = digest !== undefined && /^sha256:[0-9a-f]{64}$/.test(digest) ? `@${digest}` : "";
  const host = registry === undefined ? "" : `${registry.replace(/\/+$/, "")}/`;
  return imageReference(`${host}${name}:${tag}${held}`, line);
}

/** `image:` in compose files and manifests; `repository:` with `tag:` beside it in chart values. */
export const images: Reader = {
  format: "docker/images",
  kind: "manifest",
  reads: (path) =>
    /\.ya?ml$/i.test(path) &&
    !path.startsWith(".github/") &&
    !/(?:^|\/)pnpm-lock\.yaml$/.test(path),
  read(text, path) {
    // Most YAML names no image at all and is not parsed.
    if (!/^[ \t]*(?:-[ \t]*)?["']?(?:image|repository|newTag|tag)["']?[ \t]*:/m.test(text))
      return [];
    const found: LockedPackage[] = [];
    // Elsewhere a word after `image:` may be anything.
    const bareNames = isCompose.test(path) || /^apiVersion:/m.test(text);
    const open: ImageParts[] = [];
    const close = () => {
      const parts = open.pop();
      const reference = parts === undefined ? null : ofParts(parts);
      if (reference !== null) found.push(reference);
    };
    for (const { line, number } of linesOf(text)) {
      const column = line.search(/[^\s-]/);
      const content = line.trimStart();
      if (column === -1 || content.startsWith("#")) continue;
      // Keys of one mapping stand in one column, and a dash begins another mapping.
      const isItem = content.startsWith("-");
      for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
        if (column > top.column || (column === top.column && !isItem)) break;
        close();
      }
      const item =
        /^[\s-]*["']?(image|registry|repository|newName|name|tag|newTag|digest)["']?\s*:\s*["']?([^"'#\s]{1,500})["']?\s*(?:#.*)?$/.exec(
          line,
        );
      if (item === null) continue;
      const [, key = "", value = ""] = item;
      if (key === "image") {
        const named = bareNames || /[:@/]/.test(value);
        const reference = named ? imageReference(value, number) : null;
        if (reference !== null) found.push(reference);
        continue;
      }
      let parts = open.at(-1);
      if (parts?.column !== column) {
        parts = { column, line: number, values: new Map() };
        open.push(parts);
      }
      parts.values.set(key, value);
      if (key === "tag" || key === "newTag") parts.line = number;
    }
    while (open.length > 0) close();
    return found.sort((a, b) => a.line - b.line);
  },
};

/** `uses:` of workflows and composite actions. */
export const actions: Reader = {
  format: "github/actions",
  kind: "manifest",
  reads: (path) => /^\.github\/workflows\/[^/]+\.ya?ml$|(?:^|\/)action\.ya?ml$/.test(path),
  read(text) {
    return Array.from(linesOf(text)).flatMap(({ line, number }) => {
      const used =
        /^\s*(?:-\s*)?["']?uses["']?\s*:\s*["']?([^"'#\s]{1,400})["']?\s*(?:#\s*(\S{1,60}))?/.exec(
          line,
        ) ??
        /^\s*-?\s*\{(?:[^}]{0,400},)?\s*["']?uses["']?\s*:\s*["']?([^"'#\s,}]{1,400})/.exec(line);
      const image = /^\s*(?:image|container)\s*:\s*["']?([^"'#\s]{3,400})/.exec(line)?.[1];
      const reference = used?.[1]?.startsWith("docker://") === true ? used[1].slice(9) : image;
      if (reference !== undefined) {
        const found = /[:@/]/.test(reference) ? imageReference(reference, number) : null;
        return found === null ? [] : [found];
      }
      const at = used?.[1]?.lastIndexOf("@") ?? -1;
      if (used === null || at < 1 || used[1]?.startsWith(".") === true) return [];
      const [name, ref] = [used[1]?.slice(0, at) ?? "", used[1]?.slice(at + 1) ?? ""];
      const pinned = /^[0-9a-f]{40}$/.test(ref);
      // A comment beside a commit names its release.
      const said = /^v?\d[\w.-]*$/.exec(used[2] ?? "")?.[0];
      const version = pinned ? said : /^v?\d/.test(ref) ? ref : undefined;
      return [
        locked({
          ecosystem: "GitHub Actions",
          name: name.toLowerCase(),
          line: number,
          direct: true,
          ...(version === undefined ? {} : { version }),
          integrity: pinned ? [`git:${ref}`] : [],
          // A full version's tag can be moved, but its maker says that it stands for one release.
          pin: pinned ? "digest" : /^v?\d+\.\d+\.\d+/.test(ref) ? "version" : "moving",
        }),
      ];
    });
  },
};

export const preCommit: Reader = {
  format: "python/pre-commit",
  kind: "manifest",
  reads: (path) => /(?:^|\/)\.pre-commit-config\.ya?ml$/.test(path),
  read(text) {
    let name = "";
    return Array.from(linesOf(text)).flatMap(({ line, number }) => {
      name = /^\s*-?\s*repo:\s*["']?([^"'#\s]{1,400})/.exec(line)?.[1] ?? name;
      const ref = /^\s*-?\s*rev:\s*["']?([^"'#\s]{1,100})/.exec(line)?.[1];
      if (ref === undefined || name === "local") return [];
      const pinned = /^[0-9a-f]{40}$/.test(ref);
      return [
        locked({
          ecosystem: "generic",
          name,
          line: number,
          dev: true,
          direct: true,
          ...(pinned ? {} : { version: ref }),
          pin: pinned ? "digest" : /\d/.test(ref) ? "version" : "moving",
        }),
      ];
    });
  },
};

/** Charts that a chart, a Helmfile or a set of requirements names. */
export const charts: Reader = {
  format: "helm/chart",
  kind: "lockfile",
  reads: (path) => /(?:^|\/)(?:Chart|requirements)\.(?:ya?ml|lock)$/.test(path),
  read(text) {
    const documents = readYaml(text);
    if (typeof documents === "string") return new Unread(documents);
    return documents.flatMap((document) =>
      valuesAt(document, ["dependencies", "*"]).flatMap((one: Yaml) => {
        const name = textAt(one, "name");
        const version = textAt(one, "version");
        const source = textAt(one, "repository");
        // A chart in a folder is the project's own.
        if (name === undefined || source?.startsWith("file:") === true) return [];
        const exact = version !== undefined && /^v?\d+\.\d+\.\d+[\w.+-]*$/.test(version);
        return [
          locked({
            ecosystem: "helm",
            name,
            line: one.line,
            direct: true,
            ...(version === undefined ? {} : { version: version.replace(/^[~^>=\s]+/, "") }),
            ...(source === undefined ? {} : { source }),
            pin: exact ? "version" : "moving",
          }),
        ];
      }),
    );
  },
};

/** Providers and modules of Terraform, and its lock file. */
export const terraform: Reader = {
  format: "terraform/providers",
  kind: "manifest",
  reads: (path) => /\.(?:tf|tofu)$|(?:^|\/)\.terraform\.lock\.hcl$/.test(path),
  read(text, path) {
    if (!/\b(?:required_providers|module|provider)\b/.test(text)) return [];
    const lock = path.endsWith(".lock.hcl");
    const found: LockedPackage[] = [];
    let open: {
      name: string;
      line: number;
      source?: string;
      version?: string;
      hashes: string[];
    } | null = null;
    const close = () => {
      if (open !== null && (open.version !== undefined || open.source !== undefined)) {
        const { name, line, source, version, hashes } = open;
        const ref = /[?&]ref=([^&\s]{1,200})/.exec(source ?? "")?.[1];
        const local = source !== undefined && /^\.{1,2}\//.test(source);
        const said = version?.replace(/^[~>=\s]+/, "") ?? ref;
        const git = source !== undefined && /^git|github\.com|\?ref=/.test(source);
        if (!local) {
          found.push(
            locked({
              ecosystem: "terraform",
              // The lock file writes the registry out that a source leaves out.
              name: (source ?? name)
                .replace(/[?&]ref=.*$/, "")
                .replace(/^registry\.(?:terraform\.io|opentofu\.org)\//, ""),
              line,
              direct: true,
              ...(said === undefined || /^[0-9a-f]{40}$/.test(said) ? {} : { version: said }),
              integrity: hashes.sort(),
              pin: git
                ? ref !== undefined && /^[0-9a-f]{40}$/.test(ref)
                  ? "digest"
                  : ref !== undefined && /\d/.test(ref)
                    ? "version"
                    : "moving"
                : lock || (version !== undefined && /^=?\s*\d+\.\d+\.\d+$/.test(version))
                  ? "version"
                  : "moving",
            }),
          );
        }
      }
      open = null;
    };
    for (const { line, number } of linesOf(text)) {
      const head =
        /^\s*(?:module|provider)\s+"([^"]{1,300})"\s*\{/.exec(line)?.[1] ??
        /^\s{2,8}([a-z][\w-]{0,60})\s*=\s*\{\s*$/.exec(line)?.[1];
      if (head !== undefined) {
        close();
        open = { name: head, line: number, hashes: [] };
        continue;
      }
      if (open === null) continue;
      const fact = /^\s*(source|version)\s*=\s*"([^"]{1,500})"/.exec(line);
      if (fact?.[1] === "source") open.source = fact[2] ?? "";
      if (fact?.[1] === "version") {
        open.version = fact[2] ?? "";
        open.line = number;
      }
      const hash = /^\s*"((?:h1|zh):[^"]{10,100})"/.exec(line)?.[1];
      if (hash !== undefined) open.hashes.push(hash);
      if (/^\s{0,4}\}/.test(line)) close();
    }
    close();
    return found;
  },
};

const runtimeFiles: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\/)\.(?:nvmrc|node-version)$/, "node"],
  [/(?:^|\/)\.ruby-version$/, "ruby"],
  [/(?:^|\/)(?:\.python-version|runtime\.txt)$/, "python"],
  [/(?:^|\/)\.go-version$/, "go"],
  [/(?:^|\/)\.java-version$/, "java"],
  [/(?:^|\/)rust-toolchain(?:\.toml)?$/, "rust"],
  [/(?:^|\/)\.terraform-version$/, "terraform"],
  [/(?:^|\/)\.tool-versions$/, ""],
];

export const runtimes: Reader = {
  format: "generic/runtime",
  kind: "manifest",
  reads: (path) => runtimeFiles.some(([pattern]) => pattern.test(path)),
  read(text, path) {
    const name = runtimeFiles.find(([pattern]) => pattern.test(path))?.[1] ?? "";
    return Array.from(linesOf(text, 200)).flatMap(({ line, number }) => {
      const found =
        name === ""
          ? /^([a-z][\w-]{0,40})\s+v?(\d[\w.-]{0,40})/.exec(line)
          : /^(?:(?:ruby|python|node|nodejs|go)-?)?\s*(?:channel\s*=\s*)?["']?(v?)(\d[\w.-]{0,40})["']?\s*$/.exec(
              line.trim(),
            );
      if (found === null) return [];
      const tool =
        name === "" ? (found[1] ?? "").replace(/^nodejs$/, "node").replace(/^golang$/, "go") : name;
      return [runtimeOf(tool, found[2] ?? "", number)];
    });
  },
};

function runtimeOf(name: string, version: string, line: number): LockedPackage {
  return locked({ ecosystem: "generic", name, version, line, direct: true });
}

export const deliveryReaders = [dockerfile, actions, preCommit, charts, terraform, runtimes];
/** Read where nothing else reads the file: any YAML may name an image. */
export const lastReaders = [images];
