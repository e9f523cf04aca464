import { beforeEach, expect, test } from "vitest";
import { ines, open, record } from "../testing/cast.ts";

beforeEach(async () => open());

const worse = (id: string, direction: string) => ({
  id,
  rule: "r@1",
  direction,
  severity: "high",
  count: 1,
});

test("its sentence counts what is for the worse, and what is not known where something is not", async () => {
  await record.propose(ines);
  await record.assess(ines, {
    implications: [worse("a.b", "worse"), worse("a.c", "better"), worse("a.d", "worse")],
    unknowns: [],
  });
  expect(record.state.timeline.at(-1)?.says).toMatch(/implications for the worse: 2(?!.*unknown)/);
  await record.assess(ines, { implications: [worse("a.c", "better")], unknowns: ["x", "y"] });
  expect(record.state.timeline.at(-1)?.says).toMatch(/implications for the worse: 0.*unknown: 2/);
});
