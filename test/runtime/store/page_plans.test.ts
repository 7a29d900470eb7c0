/**
 * Pages of long lists read about as many rows as they show, at any depth and for any
 * filter: with the plan that a statement keeps when it is run again and again.
 */
import { beforeAll, expect, test } from "vitest";
import { getDag } from "../../../runtime/store/dags/dag.ts";
import { selectInstances } from "../../../runtime/store/instances/instance_selection.ts";
import { listFailedRuns } from "../../../runtime/store/reads/attention.ts";
import { ANY_ENTRY, listAudit } from "../../../runtime/store/reads/audit.ts";
import { dueDays, dueHours } from "../../../runtime/store/reads/calendar.ts";
import {
  listRuns,
  type RunQuery,
  SEARCHED_RUNS,
  searchRuns,
} from "../../../runtime/store/reads/run_list.ts";
import { runsBetweenDates } from "../../../runtime/store/runs/named_run.ts";
import { known, migratedDatabase, rows } from "../../support/migrated.ts";
import { readBy } from "../../support/plans.ts";
import { dagSpec, Rows } from "../../support/rows.ts";

const postgres = migratedDatabase();

/**
 * Of each DAG. Every thousandth run failed, two are running, every hundredth has a label.
 */
const RUNS = 10_000;
const FIRST_MS = Date.parse("2026-01-01");
const LIMIT = 20;

beforeAll(async () => {
  const { db } = postgres;
  await known(db, dagSpec("one"), dagSpec("two"));
  const writer = new Rows(db.pool);
  const dags = [(await getDag(db, "one"))!, (await getDag(db, "two"))!];
  await writer.runs(
    Array.from({ length: RUNS }, (_, index) => index + 1).flatMap((n) =>
      dags.map(({ dagId, versionId }) => ({
        ...{ dagId, versionId, tookMs: 0, startedAt: new Date(FIRST_MS + n * 60_000) },
        state: n <= 2 ? "running" : n % 1_000 === 0 ? "failed" : "success",
      })),
    ),
  );
  await rows(
    db,
    `insert into dagsmith.dag_run_label (run_id, key, value)
     select id, 'team', 'data' from dagsmith.dag_run where id % 100 = 0`,
  );
  await rows(
    db,
    `insert into dagsmith.audit (actor, action, dag_id)
     select 'user' || n % 20, 'act' || n % 20, 'one' from generate_series(1, ${RUNS}) n
     union all select 'grace from 192.0.2.1', 'pause', 'one' from generate_series(1, 3)`,
  );
  await writer.instances(
    Array.from({ length: RUNS }, (_, mapIndex) => ({
      ...{ runId: 1, taskId: "each", mapIndex, state: "queued" },
    })),
  );
  await rows(
    db,
    "analyze dagsmith.dag_run, dagsmith.dag_run_label, dagsmith.audit, dagsmith.task_instance",
  );
});

const QUERIES: readonly Partial<RunQuery>[] = [
  {},
  { before: 100 },
  { dagId: "one" },
  { dagId: "one", before: 100 },
  { state: "running" },
  { state: "failed" },
  { dagId: "two", state: "running" },
  { dagId: "two", state: "failed", before: 15_000 },
  { label: { key: "team", value: "data" } },
  { label: { key: "team", value: "data" }, before: 5_000 },
];

test.each(QUERIES)("a page of runs with %j", async (query) => {
  const { read, shown } = await readBy(postgres.db, "dag_run", (db) =>
    listRuns(db, { limit: LIMIT, ...query }),
  );
  expect(shown).toBeGreaterThan(0);
  expect(read).toBeLessThanOrEqual(2 * LIMIT);
});

test.each([
  { type: "backfill" },
  { tag: "none" },
  { version: 7 },
  { from: new Date("2027-01-01T00:00:00Z") },
  { dagId: "one", to: new Date("2025-01-01T00:00:00Z"), state: "success" },
] as readonly Partial<RunQuery>[])(
  "a search for runs that match nothing, with %j",
  async (query) => {
    const { before } = await searchRuns(postgres.db, { limit: LIMIT, ...query });
    expect(before).toBeGreaterThan(1);
    const { read } = await readBy(postgres.db, "dag_run", (db) =>
      listRuns(db, { limit: LIMIT, ...query }),
    );
    // The state filter reads past the few runs in other states.
    expect(read).toBeLessThanOrEqual(2 * (SEARCHED_RUNS + LIMIT));
  },
);

test("a search goes on below the runs that it looked at, to the end", async () => {
  const found: number[] = [];
  const query = { limit: LIMIT, to: new Date("2026-01-01T00:10:30Z"), dagId: "two" };
  let before: number | null = null;
  do {
    const page = await searchRuns(postgres.db, { ...query, before });
    found.push(...page.runs.map(({ id }) => id));
    ({ before } = page);
  } while (before !== null);
  expect(new Set(found).size).toBe(10);
});

test("what failed lately is found without the history of successes", async () => {
  const { read, shown } = await readBy(postgres.db, "dag_run", (db) =>
    listFailedRuns(db, LIMIT, null),
  );
  expect(shown).toBe(0);
  expect(read).toBeLessThanOrEqual(LIMIT);
});

test("a month of the calendar is read without the runs of other months", async () => {
  const [from, to] = [new Date("2026-01-03T00:00:00Z"), new Date("2026-01-03T01:00:00Z")];
  const window = { from, to, dagId: null, visible: null };
  const days = await readBy(postgres.db, "dag_run", (db) => dueDays(db, window));
  expect(days).toEqual({ read: 120, shown: 1 });
  const hours = await readBy(postgres.db, "dag_run", (db) =>
    dueHours(db, { ...window, limit: LIMIT }),
  );
  expect(hours).toEqual({ read: 120, shown: 2 });
});

test("the last page of the audit log", async () => {
  const { read, shown } = await readBy(postgres.db, "audit", (db) =>
    listAudit(db, { ...ANY_ENTRY, dagId: "one", before: 50, limit: LIMIT }),
  );
  expect([read, shown]).toEqual([LIMIT, LIMIT]);
});

test.each([{ user: "grace" }, { action: "pause" }])(
  "the few entries of the audit with %j",
  async (filter) => {
    const { read, shown } = await readBy(postgres.db, "audit", (db) =>
      listAudit(db, { ...ANY_ENTRY, ...filter, before: null, limit: LIMIT }),
    );
    expect([read, shown]).toEqual([3, 3]);
  },
);

test("one instance of a wide mapped task", async () => {
  const { read, shown } = await readBy(postgres.db, "task_instance", (db) =>
    selectInstances(db, [1], { taskIds: ["each"], mapIndex: 5_000, onlyFailed: false }),
  );
  expect([read, shown]).toEqual([1, 1]);
});

test("the runs between two late dates", async () => {
  const range = { from: new Date("2026-01-07T00:00:00Z"), to: null };
  const { read } = await readBy(postgres.db, "dag_run", (db) =>
    runsBetweenDates(db, "one", range, LIMIT),
  );
  expect(read).toBeLessThanOrEqual(2 * LIMIT);
});
