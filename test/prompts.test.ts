/** The questions, on a real terminal: `script` gives one. */
import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { rationale, Workplace } from "./command-line.ts";

test("propose asks for what is missing, shows what it undoes first, and asks again for substance", async () => {
  using place = new Workplace();
  const [target] = place.makeRepository();
  expect(place.as("ada", "init", "--id", "ada").code).toBe(0);
  const cli = `${process.execPath} -C source ${import.meta.dirname}/../packages/app/src/main/cli.ts propose`;
  const terminal = spawn("script", ["-qec", cli, "/dev/null"], {
    cwd: place.repository,
    env: { ...place.env, COUNTERMAND_KEY: place.key("ada"), TERM: "dumb" },
  });
  let said = "";
  terminal.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const answers: [question: string, answer: string][] = [
    ["Go back to which state:", target],
    ["Service:", "api"],
    ["Environment:", "prod"],
    ["[redeploy-previous]:", ""],
    ["compliance):", "availability"],
    ["Ticket or incident:", "INC-7"],
    ["What will users notice:", "Customers can pay"],
    ["security:", "none that is known"],
    ["Why go back:", "prod is broken"],
    ["Why go back:", "Customers cannot pay, and the queue of the shop grows"],
    ["press Enter to keep it:", rationale],
  ];
  let from = 0;
  for (const [question, answer] of answers) {
    await expect.poll(() => said.indexOf(question, from), { timeout: 20_000 }).toBeGreaterThan(-1);
    from = said.indexOf(question, from) + question.length;
    terminal.stdin.write(`${answer}\n`);
  }
  const code = await new Promise((done) => terminal.once("close", done));
  expect(code).toBe(0);
  expect(said.indexOf("CVE-2026-4242")).toBeLessThan(said.indexOf("Service:"));
  expect(said).toMatch(/Refused \(too-short\)/);
  // Told before anything is signed.
  expect(said).toMatch(/Hint \(no-time\)[\s\S]*recorded/);
  expect(said).toMatch(/RB-\d+-1 is now .*pending_approval/);
}, 60_000);
