/**
 * Known security scanners and update bots: how their steps and files are named.
 * Names are those that each tool's own documentation gives. What is not here is
 * an ordinary check.
 */
export type Scanner = {
  readonly name: string;
  /** Actions, without version, in lower case. */
  readonly action: RegExp;
  /** The program of a shell command. */
  readonly program: RegExp;
};

export const scanners: readonly Scanner[] = [
  tool("CodeQL", /^github\/codeql-action\/(?:analyze|init|autobuild)$/, /^codeql$/),
  tool("Semgrep", /^(?:semgrep|returntocorp)\//, /^semgrep$/),
  tool("Trivy", /^aquasecurity\/(?:trivy-action|setup-trivy)/, /^trivy$/),
  tool("Snyk", /^snyk\/actions/, /^snyk$/),
  tool("Scorecard", /^ossf\/scorecard-action/, /^scorecard$/),
  tool("gitleaks", /^(?:gitleaks|zricethezav)\//, /^gitleaks$/),
  tool("TruffleHog", /^trufflesecurity\//, /^trufflehog$/),
  tool("dependency-review", /^actions\/dependency-review-action/, /^(?!)/),
  tool("Grype", /^anchore\/(?:scan|grype)-action/, /^grype$/),
  tool("OSV-Scanner", /^google\/osv-scanner-action/, /^osv-scanner$/),
  tool("gosec", /^securego\/gosec/, /^gosec$/),
  tool("govulncheck", /^golang\/govulncheck-action/, /^govulncheck$/),
  tool("Bandit", /^(?:pycqa\/bandit-action|mdegis\/bandit)/, /^bandit$/),
  tool("pip-audit", /^pypa\/gh-action-pip-audit/, /^pip-audit$/),
  tool("cargo-audit", /^(?:rustsec\/audit-check|actions-rs\/audit-check)/, /^cargo-audit$/),
  tool("cargo-deny", /^embarkstudios\/cargo-deny-action/, /^cargo-deny$/),
  tool("Checkov", /^bridgecrewio\/checkov-action/, /^checkov$/),
  tool("tfsec", /^aquasecurity\/tfsec/, /^tfsec$/),
  tool("zizmor", /^(?:zizmorcore|woodruffw)\/zizmor/, /^zizmor$/),
  tool("Brakeman", /^(?:reviewdog\/action-brakeman|standardrb\/brakeman)/, /^brakeman$/),
];

function tool(name: string, action: RegExp, program: RegExp): Scanner {
  return { name, action, program };
}

export function scannerOfAction(action: string): string | null {
  return scanners.find((one) => one.action.test(action))?.name ?? null;
}

/** By any of the first words of a command, so that `npx snyk test` and `cargo audit` are seen. */
export function scannerOfCommand(words: readonly string[]): string | null {
  const [first = "", second = ""] = words;
  const names = [first.split("/").at(-1) ?? "", `${first}-${second}`];
  if (/^(?:npx|pnpm|yarn|uvx|pipx|bundle|bunx|docker|go|python3?|poetry|uv)$/.test(first)) {
    names.push(...words.slice(1, 4));
  }
  return (
    names.flatMap((name) => scanners.find((one) => one.program.test(name))?.name ?? [])[0] ?? null
  );
}

/** The update bot that a file configures. */
export function updateBotOf(path: string): string | null {
  if (/^\.github\/dependabot\.ya?ml$/.test(path)) return "Dependabot";
  return /^(?:\.github\/|\.gitlab\/)?(?:renovate\.json5?|\.renovaterc(?:\.json5?)?)$/.test(path)
    ? "Renovate"
    : null;
}
