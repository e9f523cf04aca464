/** Who is told what: a pure function of a notice and the operator's routes. */
import type { Notice, noticeKinds } from "./notice.ts";

/** Matches where everything that is given matches; what is absent matches all. */
export interface Route {
  readonly to: readonly string[];
  readonly kinds?: readonly (typeof noticeKinds)[number][];
  /** A notice of no record, such as a policy change, has no service and matches none. */
  readonly services?: readonly string[];
  readonly environments?: readonly string[];
  /** Groups that the policy wants told of the record. */
  readonly groups?: readonly string[];
}

export interface Routing {
  readonly general: readonly string[];
  readonly routes: readonly Route[];
  readonly people?: string;
}

export interface Destination {
  readonly channel: string;
  /** Why nothing can be sent; shown, since somebody meant it to be. */
  readonly skipped?: string;
}

export function destinationsOf(
  notice: Notice,
  { general, routes, people }: Routing,
): readonly Destination[] {
  if (notice.person !== undefined) return people === undefined ? [] : [{ channel: people }];
  if (notice.kind === "emergency.opened") return general.map((channel) => ({ channel }));
  const channels = new Set(
    routes.filter((route) => matches(route, notice)).flatMap(({ to }) => to),
  );
  const untold = notice.groups.filter(
    (group) => !routes.some((route) => route.groups?.includes(group)),
  );
  return [
    ...[...channels].map((channel) => ({ channel })),
    ...untold.map((group) => ({
      // No channel has a colon in its name.
      channel: `group:${group}`,
      skipped: `the policy wants the group ${group} told, and no route names it`,
    })),
  ];
}

function matches(route: Route, { kind, record, groups }: Notice): boolean {
  const among = (list: readonly string[] | undefined, value: string | undefined) =>
    list === undefined || (value !== undefined && list.includes(value));
  return (
    among(route.kinds, kind) &&
    among(route.services, record?.service) &&
    among(route.environments, record?.environment) &&
    (route.groups === undefined || route.groups.some((group) => groups.includes(group)))
  );
}
