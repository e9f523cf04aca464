/**
 * The settings that confine a workload. Defaults are those of the Kubernetes API
 * reference (v1.34, PodSpec, SecurityContext, PodSecurityContext); admission may
 * set others and is not seen. A container's setting beats its pod's.
 */
import type { Row } from "./row.ts";

const implication = "workload.hardening-removed";
const references = ["CWE-250", "NIST 800-53 CM-7", "NIST 800-53 AC-6"];
const tasks = "https://kubernetes.io/docs/tasks/configure-pod-container";
const concepts = "https://kubernetes.io/docs/concepts";
const securityContext = `${tasks}/security-context/`;
const podSecurity = `${concepts}/security/pod-security-standards/`;

function flag(
  document: Row["document"],
  path: readonly string[],
  confined: "true" | "false",
  absent: "true" | "false",
  severity: Row["severity"],
  source: string,
): Row {
  const groups = confined === "true" ? [["false"], ["true"]] : [["true"], ["false"]];
  return {
    id: `${document}.${path.join(".")}`,
    document,
    path,
    scale: { kind: "ordered", groups, absent },
    implication,
    severity,
    references,
    source,
  };
}

function grown(document: Row["document"], path: readonly string[], source: string): Row {
  return {
    id: `${document}.${path.filter((key) => key !== "*").join(".")}`,
    document,
    path,
    scale: { kind: "set", more: "weaker", all: "ALL" },
    implication,
    severity: "high",
    references,
    source,
  };
}

const context = (key: string) => ["securityContext", key];

export const podRows: readonly Row[] = [
  flag("pod", ["hostNetwork"], "false", "false", "high", podSecurity),
  flag("pod", ["hostPID"], "false", "false", "high", podSecurity),
  flag("pod", ["hostIPC"], "false", "false", "high", podSecurity),
  flag(
    "pod",
    ["automountServiceAccountToken"],
    "false",
    "true",
    "medium",
    `${tasks}/configure-service-account/#opt-out-of-api-credential-automounting`,
  ),
  grown("pod", ["volumes", "*", "hostPath", "path"], `${concepts}/storage/volumes/#hostpath`),
];

export const serviceAccountRow: Row = flag(
  "service-account",
  ["automountServiceAccountToken"],
  "false",
  "true",
  "medium",
  `${tasks}/configure-service-account/#opt-out-of-api-credential-automounting`,
);

export const containerRows: readonly Row[] = [
  flag("container", context("privileged"), "false", "false", "high", securityContext),
  flag("container", context("allowPrivilegeEscalation"), "false", "true", "high", securityContext),
  flag("container", context("readOnlyRootFilesystem"), "true", "false", "medium", securityContext),
  grown("container", ["securityContext", "capabilities", "add"], podSecurity),
  {
    id: "container.securityContext.capabilities.drop",
    document: "container",
    path: ["securityContext", "capabilities", "drop"],
    scale: { kind: "set", more: "stronger", all: "ALL" },
    implication,
    severity: "medium",
    references,
    source: podSecurity,
  },
];

/** Read at the container and, where it is absent there, at its pod. */
export const inheritedRows: readonly Row[] = [
  flag("container", context("runAsNonRoot"), "true", "false", "high", securityContext),
  {
    id: "container.securityContext.runAsUser",
    document: "container",
    path: context("runAsUser"),
    // Absent, the image's user holds: not in the manifest.
    scale: { kind: "ordered", groups: [["0"], ["*"]], absent: "unknown" },
    implication,
    severity: "high",
    references,
    source: securityContext,
  },
  {
    id: "container.securityContext.seccompProfile.type",
    document: "container",
    path: ["securityContext", "seccompProfile", "type"],
    scale: {
      kind: "ordered",
      groups: [["Unconfined"], ["RuntimeDefault", "Localhost"]],
      absent: "Unconfined",
    },
    implication,
    severity: "medium",
    references,
    source: "https://kubernetes.io/docs/tutorials/security/seccomp/",
  },
];

export const dockerfileUserRow: Row = {
  id: "dockerfile.user",
  document: "dockerfile",
  path: ["USER"],
  scale: { kind: "ordered", groups: [["root"], ["*"]], absent: "root" },
  implication,
  severity: "high",
  references,
  source: "https://docs.docker.com/reference/dockerfile/#user",
};
