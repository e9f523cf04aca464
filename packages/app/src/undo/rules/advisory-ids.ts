/**
 * Advisory ids in text, as their issuers write them: CVE (year and four or more
 * digits), GHSA (three groups of four from its own alphabet), PYSEC, RUSTSEC and
 * GO (year and number), SNYK (ecosystem, package, number). Inside URLs too.
 */
const pattern =
  /(?<![A-Za-z0-9])(?:CVE-(?:19|20)\d{2}-\d{4,7}|GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}|(?:PYSEC|RUSTSEC|GO)-20\d{2}-\d{1,6}|SNYK-[A-Z0-9]{2,20}-[A-Z0-9]{1,80}-\d{1,10})(?![A-Za-z0-9])/gi;

/** Each id once, in upper case but for GHSA's small groups, sorted. */
export function advisoryIds(text: string): string[] {
  const found = new Set<string>();
  for (const [id] of text.matchAll(pattern)) {
    found.add(/^ghsa/i.test(id) ? `GHSA${id.slice(4).toLowerCase()}` : id.toUpperCase());
  }
  return [...found].sort();
}
