/**
 * The proof of an exact inverse that an assessment brings: here, readable, and
 * about the states of this record. That it holds is for whoever has the trees;
 * the server has no repository, and the lane that rests on it is sampled.
 */
import type { JsonObject, RecordState } from "@countermand/record";
import { InverseError } from "../undo/inverse/error.ts";
import { parseInverseProof, type InverseProof } from "../undo/inverse/proof.ts";
import { RollbacksError } from "./error.ts";

/** Throws a `RollbacksError` where the proof is missing, is none, or is about something else. */
export async function checkInverseArtefact(
  body: JsonObject,
  proposal: Pick<RecordState["proposal"], "current" | "target"> | undefined,
  artefact: (digest: string) => Promise<Uint8Array | undefined>,
): Promise<void> {
  const named = body["inverse"] as { readonly digest: string; readonly size: number } | undefined;
  if (named === undefined) return;
  const bytes = await artefact(named.digest);
  if (bytes === undefined || bytes.length !== named.size) {
    throw new RollbacksError(
      "missing-artefact",
      `the proof sha256:${named.digest} is not here; send it first`,
    );
  }
  let proof: InverseProof;
  try {
    proof = parseInverseProof(bytes);
  } catch (error) {
    if (!(error instanceof InverseError)) throw error;
    throw new RollbacksError("invalid", error.message, { cause: error });
  }
  const commit = (identity: RecordState["proposal"]["target"] | undefined) =>
    identity?.type === "commit" ? identity.commit : undefined;
  const [from, to] = [commit(proposal?.current), commit(proposal?.target)];
  if (from === undefined || proof.from.commit !== from || proof.to.commit !== to) {
    throw new RollbacksError(
      "invalid",
      `the proof is about going from ${proof.from.commit ?? "no commit"} to ${proof.to.commit ?? "no commit"}; this record goes from ${from ?? "no commit"} to ${to ?? "no commit"}`,
    );
  }
  if (proof.takesBack !== "all") {
    throw new RollbacksError(
      "invalid",
      "the proof takes back only the rest of a change; an exact inverse takes back all of it",
    );
  }
}
