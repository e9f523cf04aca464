/**
 * Until when language runtimes and base systems get security fixes, by their makers'
 * published schedules as of 2026-11 (nodejs/Release schedule.json, devguide.python.org/versions,
 * ruby-lang.org/en/downloads/branches, go.dev/doc/devel/release, php.net/supported-versions,
 * Debian LTS wiki, ubuntu.com/about/release-cycle, alpinelinux.org/releases). Only lines
 * whose end is announced stand here; what does not is not said to be supported.
 */
const ends: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  node: {
    "12": "2022-04-30",
    "14": "2023-04-30",
    "16": "2023-09-11",
    "18": "2025-04-30",
    "20": "2026-04-30",
  },
  python: {
    "2.7": "2020-01-01",
    "3.6": "2021-12-23",
    "3.7": "2023-06-27",
    "3.8": "2024-10-07",
    "3.9": "2025-10-31",
  },
  ruby: {
    "2.6": "2022-04-12",
    "2.7": "2023-03-31",
    "3.0": "2024-04-23",
    "3.1": "2025-03-26",
    "3.2": "2026-03-31",
  },
  go: {
    "1.20": "2024-02-06",
    "1.21": "2024-08-13",
    "1.22": "2025-02-11",
    "1.23": "2025-08-12",
    "1.24": "2026-02-10",
  },
  php: { "7.4": "2022-11-28", "8.0": "2023-11-26", "8.1": "2025-12-31" },
  debian: { "9": "2022-06-30", "10": "2024-06-30", "11": "2026-08-31" },
  ubuntu: { "16.04": "2021-04-30", "18.04": "2023-05-31", "20.04": "2025-05-31" },
  alpine: {
    "3.16": "2024-05-23",
    "3.17": "2024-11-22",
    "3.18": "2025-05-09",
    "3.19": "2025-11-01",
    "3.20": "2026-04-01",
  },
};

const names: Readonly<Record<string, string>> = {
  golang: "go",
  nodejs: "node",
  "go-toolchain": "go",
};

/** The day after which this version gets no fixes, `YYYY-MM-DD`; undefined: not known. */
export function endOfLife(name: string, version: string): string | undefined {
  const short = name.slice(name.lastIndexOf("/") + 1);
  const lines = ends[names[short] ?? short];
  const [major = "", minor = ""] = version.replace(/^v/, "").split(/[.-]/);
  return lines?.[`${major}.${minor}`] ?? lines?.[major];
}
