/**
 * Advisories that the labels name, beside imported ones: the public databases of some
 * ecosystems are too large to ask everybody who runs this for. Facts only: package and
 * the version that fixes it.
 */
import type {
  Advisory,
  AdvisoryIndex,
  Affecting,
} from "../packages/app/src/undo/advisories/advisory-index.ts";
import { compareVersions } from "../packages/app/src/undo/dependencies/versions/compare.ts";
import type { Case } from "./cases.ts";

type Named = {
  readonly advisory: Advisory;
  readonly ecosystem: string;
  readonly name: string;
  readonly introduced: string;
  readonly fixed: string;
};

export function withLabelledAdvisories(
  index: AdvisoryIndex,
  cases: readonly Case[],
): AdvisoryIndex {
  const known: Named[] = cases.flatMap(({ advisories }) =>
    (advisories ?? []).flatMap(
      ({ id, aliases = [], ecosystem, package: name, fixed, introduced = "0" }) => {
        if (ecosystem === undefined || name === undefined || fixed === undefined) return [];
        if (index.find(id) !== null) return [];
        const advisory = {
          id,
          aliases: [id, ...aliases].sort(),
          summary: `${name} before ${fixed}`,
        };
        return [{ advisory, ecosystem, name, introduced, fixed }];
      },
    ),
  );
  const affects = ({ ecosystem, introduced, fixed }: Named, version: string) =>
    compareVersions(ecosystem, version, fixed) === -1 &&
    (introduced === "0" || (compareVersions(ecosystem, version, introduced) ?? -1) >= 0);
  return {
    digest: index.digest ?? "sha256:labelled",
    snapshot: (ecosystem) => index.snapshot(ecosystem),
    affecting: (ecosystem, name, version) => [
      ...index.affecting(ecosystem, name, version),
      ...known
        .filter((one) => one.ecosystem === ecosystem && one.name === name && affects(one, version))
        .map(({ advisory, fixed }): Affecting => ({ advisory, fixed })),
    ],
    fixedByCommit: (commit) => index.fixedByCommit(commit),
    fixedByPullRequest: (repository, number) => index.fixedByPullRequest(repository, number),
    find: (id) => index.find(id),
  };
}
