/** `GET /health` */
import { parseCheckpoint } from "@countermand/tlog";
import { health } from "../contract/instance.ts";
import { route } from "../route.ts";

export const healthRoute = route({
  method: "GET",
  path: "/health",
  operationId: "health",
  tag: "server",
  summary: "Whether the server answers, and how far its log is",
  responses: { 200: { description: "It answers", schema: health } },
  async handle(
    _asked,
    {
      log,
      witnessing,
      mirroring,
      timestamping,
      scrubbing,
      duties,
      tenants,
      lastAlarm,
      closed,
      notifying,
    },
  ) {
    const witnessed = witnessing?.();
    const mirrors = mirroring?.();
    const timestamps = timestamping?.();
    const scrub = scrubbing?.();
    const shared = duties?.();
    const alarm = await lastAlarm?.();
    const end = await closed?.();
    const behind = tenants?.();
    const notices = notifying?.()?.health();
    const more = {
      ...(witnessed === undefined ? {} : { witnessed }),
      ...(mirrors === undefined ? {} : { mirrors: [...mirrors] }),
      ...(timestamps === undefined ? {} : { timestamps }),
      ...(scrub === undefined ? {} : { scrub }),
      ...(shared === undefined ? {} : { duties: shared }),
      ...(alarm === undefined ? {} : { lastAlarm: alarm }),
      ...(end === undefined ? {} : { closed: end }),
      ...(behind === undefined ? {} : { tenants: behind }),
      ...(notices === undefined ? {} : { notices }),
    };
    const note = await log()?.checkpoint();
    if (note === undefined) return { body: { status: "ok", ...more } };
    const text = new TextDecoder().decode(note);
    const { origin, size } = parseCheckpoint(text.slice(0, text.lastIndexOf("\n\n") + 1));
    return { body: { status: "ok", ledger: origin, size, ...more } };
  },
});
