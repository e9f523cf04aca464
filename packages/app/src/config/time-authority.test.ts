import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const url = "http://time.example.org/tsa";
const read = (address?: string, roots?: string, minutes?: string) =>
  readConfig({
    COUNTERMAND_TIME_AUTHORITY: address,
    COUNTERMAND_TIME_AUTHORITY_ROOTS: roots,
    COUNTERMAND_TIME_AUTHORITY_MINUTES: minutes,
  }).timeAuthority;

test("a time authority has an address and roots, and ten minutes unless told", () => {
  expect(read()).toBeUndefined();
  expect(read(url, "roots.pem")).toEqual({ url, roots: "roots.pem", every: 600_000 });
  expect(read(url, "roots.pem", "1440")?.every).toBe(86_400_000);
});

test.each([
  [url, undefined, undefined, "are given together"],
  [undefined, "roots.pem", undefined, "are given together"],
  ["time.example.org", "roots.pem", undefined, "is an http:// or https:// address"],
  ["ftp://time.example.org", "roots.pem", undefined, "is an http:// or https:// address"],
  ["https://a:b@time.example.org", "roots.pem", undefined, "without user and fragment"],
  [url, "roots.pem", "0", "from 1 to 1440"],
])("%s %s %s is refused", (address, roots, minutes, says) => {
  expect(() => read(address, roots, minutes)).toThrow(says);
});
