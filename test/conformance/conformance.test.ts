/**
 * The conformance runner: that it passes what is right and nothing else. The cases here
 * are its own.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { area, NotSupported } from "./area.ts";
import { AREAS } from "./areas/index.ts";
import { DIFFERENCES, type Difference } from "./differences.ts";
import { reportLines, reportOf } from "./report.ts";
import { judgeCase, type Verdict } from "./verdict.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dagsmith-conformance-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(document: unknown, ...args: readonly string[]): Promise<Ran> {
  const file = join(folder, `${crypto.randomUUID()}.json`);
  await writeFile(file, typeof document === "string" ? document : JSON.stringify(document));
  return command(file, ...args);
}

function command(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

const RULE = {
  id: "rule",
  area: "trigger_rule",
  input: { rule: "all_done", upstream: [{ state: "failed" }] },
  expect: { outcome: "run" },
};
const RUN = {
  id: "tick",
  area: "timetable.next",
  input: {
    schedule: { type: "cron_data_interval", cron: "15 3 * * *", timezone: "UTC" },
    catchup: true,
    start_date: "2031-05-06T00:00:00Z",
    end_date: null,
    last_data_interval: null,
    now: null,
  },
  expect: { logical_date: "2031-05-06T03:15:00.000000Z" },
};
const PRESET = {
  id: "preset",
  area: "cron.preset",
  input: { preset: "@quarterly" },
  expect: { cron: "0 0 1 */3 *" },
};

describe("npm run conformance", () => {
  it("passes what comes out as expected, with the figures of each area", async () => {
    const { code, stdout } = await run({ cases: [RULE, RUN, PRESET] });
    expect(stdout).toMatch(
      /trigger_rule +1\/1\ntimetable.next +1\/1\ncron.preset +1\/1\nall +3\/3\n$/,
    );
    expect(code).toBe(0);
  });

  it("shows what comes out otherwise, expected and got, and fails", async () => {
    const { code, stdout } = await run({
      cases: [RULE, { ...RULE, id: "wrong", expect: { outcome: "skip" } }],
    });
    expect(stdout).toContain(
      'trigger_rule  wrong: mismatch\n  expected {"outcome":"skip"}\n  got      {"outcome":"run"}',
    );
    expect(stdout).toMatch(/trigger_rule +1\/2/);
    expect(code).toBe(1);
  });

  it("writes one JSON document", async () => {
    const { code, stdout } = await run(
      { cases: [RULE, { ...PRESET, expect: { cron: "1 1 1 1 1" } }] },
      "--json",
    );
    expect(JSON.parse(stdout)).toEqual({
      total: 2,
      passed: 1,
      different: 0,
      areas: [
        { area: "trigger_rule", total: 1, passed: 1, different: 0 },
        { area: "cron.preset", total: 1, passed: 0, different: 0 },
      ],
      mismatches: [
        {
          id: "preset",
          area: "cron.preset",
          kind: "mismatch",
          expected: { cron: "1 1 1 1 1" },
          got: { cron: "0 0 1 */3 *" },
        },
      ],
      differences: [],
    });
    expect(code).toBe(1);
  });

  it("takes null as the schedule of a DAG that has none", async () => {
    const input = { ...RUN.input, schedule: null };
    const none = { ...RUN, id: "none", input, expect: { none: true } };
    const wrong = { ...none, id: "wrong", expect: RUN.expect };
    const { code, stdout } = await run({ cases: [none, wrong] }, "--json");
    const { passed, mismatches } = JSON.parse(stdout) as { passed: number; mismatches: Verdict[] };
    expect([code, passed, mismatches.map(({ id }) => id)]).toEqual([1, 1, ["wrong"]]);
  });

  it("takes an id that a branch does not know as the error that a run gives", async () => {
    const edges = [
      ["choose", "left"],
      ["choose", "right"],
    ];
    const input = { edges, branch: "choose", chosen: ["nowhere"] };
    const refused = { id: "refused", area: "branch", input, expect: { error: "any words" } };
    const followed = { ...refused, id: "followed", expect: { followed: ["left"] } };
    const known = { ...refused, id: "known", input: { ...input, chosen: ["left"] } };
    const right = { ...known, id: "right", expect: { followed: ["left"] } };
    const { stdout } = await run({ cases: [refused, followed, known, right] }, "--json");
    const { passed, mismatches } = JSON.parse(stdout) as { passed: number; mismatches: Verdict[] };
    expect([passed, mismatches.map(({ id }) => id)]).toEqual([2, ["followed", "known"]]);
  });

  it("never passes an area that it does not know, or a case that is none", async () => {
    const cases = [
      { ...RULE, id: "unknown", area: "toString" },
      { ...RULE, id: "expects nothing", expect: {} },
      { ...RULE, id: "bad input", input: { rule: "all_done" } },
      {
        ...RULE,
        id: "no upstream state",
        input: { rule: "all_done", upstream: [{ state: "sleeping" }] },
      },
      { area: "trigger_rule" },
      "not a case",
    ];
    const { code, stdout } = await run({ cases }, "--json");
    const { passed, mismatches } = JSON.parse(stdout) as { passed: number; mismatches: Verdict[] };
    expect(passed).toBe(0);
    expect(mismatches.map(({ id, kind }) => `${id}: ${kind}`)).toEqual([
      "unknown: unknown area",
      "expects nothing: malformed",
      "bad input: malformed",
      "no upstream state: malformed",
      "case 5: malformed",
      "case 6: malformed",
    ]);
    expect(code).toBe(1);
  });

  it("is used wrongly without a file, with two, with one that is missing, no JSON, or no list of cases", async () => {
    const ran = [
      await command(),
      await command("one.json", "two.json"),
      await command(join(folder, "missing.json")),
      await command("--unknown", "file.json"),
      await run("{"),
      await run({ rows: [] }),
    ];
    expect(ran.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2, 2]);
    for (const { stdout, stderr } of ran)
      expect([stdout, stderr]).toEqual(["", expect.stringContaining("Usage: npm run conformance")]);
  });
});

describe("a case", () => {
  const echo = area(z.object({ value: z.unknown() }), ({ value }) => ({ value, more: 1 }));
  const judge = (
    one: { input: Record<string, unknown>; expect: Record<string, unknown> },
    differences: readonly Difference[] = [],
  ) =>
    judgeCase(
      { type: "case", value: { id: "it", area: "echo", ...one } },
      {
        echo,
      },
      differences,
    );

  it("may leave out fields, but not have others", async () => {
    expect(
      await judge({ input: { value: { a: [1] } }, expect: { value: { a: [1] } } }),
    ).toMatchObject({ kind: "passed" });
    expect(await judge({ input: { value: 1 }, expect: { value: 1, other: 2 } })).toMatchObject({
      kind: "mismatch",
    });
    expect(
      await judge({ input: { value: { a: 1, b: 2 } }, expect: { value: { a: 1 } } }),
    ).toMatchObject({ kind: "mismatch" });
  });

  it("does not pass because the product throws", async () => {
    const failing = { echo: area(z.unknown(), () => Promise.reject(new TypeError("no"))) };
    const one = {
      type: "case",
      value: { id: "it", area: "echo", input: {}, expect: { value: 1 } },
    } as const;
    expect(await judgeCase(one, failing)).toMatchObject({
      kind: "mismatch",
      got: { threw: "TypeError: no" },
    });
  });

  it("is not supported where the product has nothing to put it to", async () => {
    const missing = area(z.unknown(), () => {
      throw new NotSupported("teleports");
    });
    const one = {
      type: "case",
      value: { id: "it", area: "echo", input: {}, expect: { value: 1 } },
    } as const;
    expect(await judgeCase(one, { echo: missing })).toMatchObject({
      kind: "not supported",
      problem: "teleports",
    });
  });

  it("is set apart by a rule that speaks of its input, and counts neither as passed nor as a mismatch", async () => {
    const differences: readonly Difference[] = [
      { areas: ["echo"], rule: "Ones are twos.", speaksOf: ({ value }) => value === 1 },
    ];
    const verdicts = [
      await judge({ input: { value: 1 }, expect: { value: 2 } }, differences),
      await judge({ input: { value: 1 }, expect: { value: 1 } }, differences),
      await judge({ input: { value: 3 }, expect: { value: 4 } }, differences),
    ];
    expect(verdicts.map(({ kind }) => kind)).toEqual(["different", "passed", "mismatch"]);
    const report = reportOf(verdicts);
    expect([report.passed, report.different, report.mismatches.length]).toEqual([1, 1, 1]);
    expect(reportLines(report).join("\n")).toContain("different, by the rule: Ones are twos.");
  });
});

describe("a difference", () => {
  it("is a rule that docs/semantics.md states, of areas that there are", async () => {
    const semantics = (await readFile("docs/semantics.md", "utf8")).replace(/\s+/g, " ");
    expect(DIFFERENCES.filter(({ rule }) => !semantics.includes(rule))).toEqual([]);
    expect(
      DIFFERENCES.flatMap(({ areas }) => areas).filter((name) => !Object.hasOwn(AREAS, name)),
    ).toEqual([]);
  });
});
