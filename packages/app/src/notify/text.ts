/**
 * A notice in words, for mail and chat. Every name in it came from somebody else;
 * the callers escape for where they put it.
 */
import type { Notice, NoticeKind } from "./notice.ts";

const titles: Readonly<Record<NoticeKind, string>> = {
  "approval.requested": "Approval requested",
  "decision.made": "Decided",
  "decision.withdrawn": "Decision taken back",
  "rollback.authorised": "Authorised",
  "rollback.lapsed": "Window lapsed without a run",
  "rollback.expired": "Request expired",
  "emergency.opened": "EMERGENCY",
  "retrospective.due": "Retrospective due",
  "retrospective.overdue": "Retrospective OVERDUE",
  "retrospective.given": "Retrospective given",
  "temporary.expiring": "Temporary rollback ends soon",
  "temporary.expired": "Temporary rollback has EXPIRED",
  "exception.requested": "Exception requested",
  "exception.decided": "Exception decided",
  "exception.granted": "Exception granted",
  "execution.started": "Rolling back",
  "execution.failed": "Rolling back FAILED",
  "execution.overdue": "No word of a run",
  "exception.expired": "Exception not decided in time",
  "obligation.opened": "Mandatory rollback",
  "obligation.overdue": "Mandatory rollback OVERDUE",
  "obligation.overridden": "Mandatory rollback overridden",
  "override.ended": "Override ended",
  "drill.due": "Drill due",
  "drill.overdue": "Drill OVERDUE",
  "policy.proposed": "Policy change proposed",
  "policy.decided": "Policy change decided",
  "policy.review-due": "Policy review due",
  "alarm.cleared": "The log had stopped and goes on",
  "key.used": "Your key signed",
  "key.added": "A key was added to you",
  "key.revoked": "A key of yours was revoked",
  test: "Test",
};

/** One line, for a subject or a heading. */
export function titleOf({ kind, record }: Notice): string {
  const about =
    record === undefined ? "" : `: ${record.id}, ${record.service} in ${record.environment}`;
  return oneLine(`${titles[kind]}${about}`, 150);
}

/** The lines below it. `link` is where the record can be read. */
export function linesOf(notice: Notice, ledger: string, link: string | undefined): string[] {
  const { kind, record, actor, says, until, person, key } = notice;
  const lines = [kind === "test" ? says : `${actor} ${says}`];
  if (record !== undefined) {
    lines.push(`${record.id} is ${record.status}; back to ${record.target}, for ${record.reason}`);
  }
  if (until !== undefined) lines.push(`until ${until}`);
  if (key !== undefined) lines.push(`key ${key}`);
  if (person !== undefined && kind !== "key.revoked") {
    lines.push(
      `If this was not you, have an administrator revoke the key at once: countermand person revoke-key ${person} ${key ?? "FINGERPRINT"} --reason compromised`,
    );
  }
  if (kind !== "test") lines.push(`entry ${notice.index} of ${ledger}, ${notice.recordedAt}`);
  if (link !== undefined) lines.push(link);
  return lines.map((line) => oneLine(line, 2000));
}

/** Control, line and direction characters as spaces: nothing breaks out of its line. */
function oneLine(text: string, max: number): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
  return plain.length <= max ? plain : `${plain.slice(0, max - 1)}…`;
}
