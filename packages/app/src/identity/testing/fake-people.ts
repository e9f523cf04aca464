/** For tests: who is who, in memory. */
import type { People } from "../people.ts";

export class FakePeople implements People {
  /** By issuer and subject, with a space between. */
  readonly accounts = new Map<string, string>();
  readonly enrolled = new Set(["ada", "bo"]);
  readonly administrators = new Set(["ada"]);
  readonly keys = new Map<string, string[]>();

  async personOf(issuer: string, subject: string) {
    return this.accounts.get(`${issuer} ${subject}`);
  }
  async isEnrolled(person: string) {
    return this.enrolled.has(person);
  }
  async mayAdminister(person: string) {
    return this.administrators.has(person);
  }
  async keysOf(person: string) {
    return this.keys.get(person) ?? [];
  }
  async humans() {
    return [...this.enrolled];
  }
}
