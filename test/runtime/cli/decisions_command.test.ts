/** `dag decisions`, `dag next` and `dag simulate` as people and programs call them. */
import { DateTime } from "luxon";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pauseDag } from "../../../runtime/actions/index.ts";
import { Plans } from "../../../runtime/store/dags/plans.ts";
import { type Database, openDatabase } from "../../../runtime/store/database/database.ts";
import { newProject, type Project } from "../../support/cli.ts";
import { MIGRATED, type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { tick } from "../../support/tick.ts";

const start = DateTime.utc().startOf("day").minus({ days: 10 }).toISODate();
const DAILY = `import { dag } from "dagsmith";
const d = dag("daily", { schedule: "@daily", startDate: "${start}" });
d.empty("a");
const full = dag("full", { schedule: "@daily", startDate: "${start}", catchup: true, maxActiveRuns: 1 });
full.task("a", async () => null);
export default [d, full];
`;

let database: TestDatabase;
let db: Database;
let project: Project;
beforeAll(async () => {
  database = await testDatabase({ from: MIGRATED });
  db = openDatabase(database.url, { poolSize: 4 });
  project = await newProject({ "dags/daily.ts": DAILY }, { DATABASE_URL: database.url });
  expect(await project.json(["deploy"])).toMatchObject({
    deployed: [{ dagId: "daily" }, { dagId: "full" }],
  });
  await tick(db, new Plans());
}, 60_000);
afterAll(async () => {
  await project.remove();
  await db.close();
  await database.drop();
});

describe("dag decisions", () => {
  test("shows what ran, what was skipped and why, and what waits", async () => {
    const { stdout, code } = await project.dag(["decisions", "daily"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 +waiting +not due yet/);
    expect(stdout).toMatch(/1 +✔ success +scheduled__/);
    expect(stdout).toMatch(
      new RegExp(`${start} 00:00:00Z to .* 9 +skipped +missed, and catchup does not include it`),
    );
    const { decisions } = await project.json<{ decisions: Record<string, unknown>[] }>([
      "decisions",
      "full",
      "--limit",
      "5",
    ]);
    expect(decisions.map(({ decision, reason }) => [decision, reason])).toEqual([
      ["waiting", "max_active_runs"],
      ["run", null],
    ]);
  });

  test("keeps to a range, and refuses what is no date or no DAG", async () => {
    const { decisions } = await project.json<{ decisions: unknown[] }>([
      "decisions",
      "daily",
      "--from",
      "2020-01-01",
      "--to",
      "2020-12-31",
    ]);
    expect(decisions).toEqual([]);
    expect((await project.dag(["decisions", "daily", "--from", "soon"])).code).toBe(2);
    expect((await project.dag(["decisions", "dayly"])).stderr).toContain('Did you mean "daily"?');
  });
});

describe("dag next", () => {
  test("says when a DAG is full, and when it is paused", async () => {
    expect((await project.dag(["next", "full"])).stdout).toContain(
      "full has as many active runs as maxActiveRuns allows (1)",
    );
    await pauseDag(db, { dagId: "full", actor: "ann" });
    expect((await project.dag(["next", "full"])).stdout).toContain(
      "full is paused. Resume its schedule with: dag unpause full",
    );
  });
});

describe("dag simulate", () => {
  const span = ["--from", "2026-03-01", "--to", "2026-03-03"];

  test("gives one document, the same each time, of several DAGs, deployed or in files", async () => {
    const once = await project.json<{ decisions: unknown[]; dags: unknown[] }>([
      "simulate",
      "daily",
      "full",
      ...span,
      "--duration",
      "36h",
    ]);
    expect(once.dags).toHaveLength(2);
    expect(
      await project.json([
        "simulate",
        "daily",
        "full",
        ...span,
        "--duration",
        "36h",
        "--folder",
        "dags",
      ]),
    ).toEqual(once);
  });

  test("tells people of overlaps, and shows as many decisions as they want", async () => {
    const to = DateTime.fromISO(start).plus({ days: 8 }).toISODate()!;
    const { stdout } = await project.dag([
      "simulate",
      "daily",
      "--from",
      start,
      "--to",
      to,
      "--duration",
      "36h",
      "--limit",
      "2",
    ]);
    expect(stdout).toMatch(/daily +8 +0 +2 +0 ms/);
    expect(stdout).toContain("Decisions: 8");
    expect(stdout).toContain("… 6 more");
    expect(stdout).toContain("Several active runs of one DAG: ");
  });

  test.each([
    ["without a beginning", ["--to", "2026-03-03"], "--from: it must be given"],
    [
      "that ends before it begins",
      ["--from", "2026-03-03", "--to", "2026-03-01"],
      "--to: it lies before --from",
    ],
    ["with a length that is none", [...span, "--duration", "soon"], "duration"],
  ])("refuses one %s", async (_what, options, reason) => {
    const { code, stderr } = await project.dag(["simulate", "daily", ...options]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(reason)]);
  });
});
