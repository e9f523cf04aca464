/** What kind of file a path is, by the names that projects commonly use. Paths are matched whole, with `/`. */

export function isDocumentation(path: string): boolean {
  return (
    /\.(?:md|mdx|rst|adoc|txt)$/i.test(path) ||
    /(?:^|\/)(?:docs?|documentation|changelog(?:s|\.d)?|newsfragments)\//i.test(path) ||
    /(?:^|\/)(?:change(?:s|log)|news|history|readme|authors)(?:\.[a-z]{1,8})?$/i.test(path)
  );
}

export function isTest(path: string): boolean {
  return (
    /(?:^|\/)(?:tests?|specs?|__tests__|testing|e2e|integration-tests?)\//i.test(path) ||
    /(?:[._-](?:test|spec)|_test|Tests?|IT)\.[A-Za-z]{1,5}$/.test(path) ||
    /(?:^|\/)test_[^/]{1,200}\.py$/.test(path) ||
    /(?:^|\/)t\d{4}-[^/]{1,200}\.sh$/.test(path)
  );
}

/** Words of paths and test names that are about protection. Matched in words split at case and punctuation. */
const securityWords = new Set(
  (
    "auth authn authz authenticate authentication authenticated authorization authorize authorized authorise " +
    "permission permissions privilege privileges rbac iam acl role roles policy policies guard login logout " +
    "password passwords credential credentials token tokens jwt session sessions csrf xsrf cors csp hsts mfa " +
    "otp totp saml oidc oauth sso secret secrets crypto cipher encrypt encryption decrypt tls ssl certificate " +
    "certificates x509 signature signatures verify verifies validation validate validates validator validators " +
    "sanitize sanitizer sanitise escape escaping injection xss ssrf sqli traversal security secure vulnerability " +
    "cve exploit ratelimit throttle lockout admission"
  ).split(" "),
);

/** The first security word in a text, or null. */
export function securityWord(text: string): string | null {
  const words = text
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.find((word) => securityWords.has(word)) ?? null;
}
