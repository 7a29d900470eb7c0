/**
 * Clocks that people set: a host an hour off, or set forth and back while it works. The
 * database's clock decides.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, expect, test, vi } from "vitest";
import { triggerRun } from "../../../runtime/actions/index.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { GATE_CODE, newGate } from "../../support/gate.ts";
import { migratedDatabase, rows } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { until } from "../../support/until.ts";
import { deploy, runEnd } from "../../support/worker.ts";
import { daily } from "./dags.ts";

const postgres = migratedDatabase();
const HOUR_MS = 3_600_000;
const PRELOAD = pathToFileURL(join(import.meta.dirname, "../../support/shifted_clock.ts")).href;

afterEach(() => void vi.useRealTimers());

/**
 * A task that is retried after a second, one with a time-out, and a sensor that asks each
 * half second.
 */
const PATIENT = `
import { dag } from "dagsmith";
import { existsSync as exists } from "node:fs";
${GATE_CODE}
const d = dag("patient");
d.task("retried", { retries: 2, retryDelay: "1s" }, ({ tryNumber }) => {
  note("start retried " + tryNumber);
  if (tryNumber < 3) throw new Error("again");
});
d.task("limited", { executionTimeout: "40s" }, async () => { note("start limited 1"); await gate(); });
d.sensor("asks", { interval: "500ms", timeout: "5m" }, () => exists(process.env.GATE));
export default d;
`;

test("services whose clocks are an hour off and are set forth and back lose nothing and do nothing twice", async () => {
  const gate = await newGate();
  const clock = join(gate.env.DIARY, "../clock");
  const shift = (hours: number): Promise<void> => writeFile(clock, String(hours * HOUR_MS));
  await shift(-1);
  const env = {
    DATABASE_URL: postgres.db.url,
    ...gate.env,
    CLOCK: clock,
    NODE_OPTIONS: `--import ${PRELOAD}`,
  };
  const startDate = (
    await rows<{ day: string }>(
      postgres.db,
      "select to_char(now() - interval '60 days', 'YYYY-MM-DD') as day",
    )
  )[0]!.day;
  await deploy(
    postgres.db,
    await dagFolder({ "clocked.js": daily("clocked", startDate, true), "patient.js": PATIENT }),
  );
  const services = await Promise.all([
    startService("scheduler", env),
    startService("scheduler", env),
    startService("worker", env),
  ]);
  const run = await triggerRun(postgres.db, { dagId: "patient", actor: "test" });
  const starts = async () => (await gate.notes()).filter((note) => note.startsWith("start "));
  const ended = async () =>
    (
      await rows<{ n: number }>(
        postgres.db,
        "select count(*)::int as n from dagsmith.dag_run where dag_id = 'clocked' and state = 'success'",
      )
    )[0]!.n;
  for (const hours of [1, -1, 0, -24, 24]) {
    const before = await ended();
    await until("some runs", async () => (await ended()) >= Math.min(60, before + 8));
    await shift(hours);
  }
  await until("every run", async () => (await ended()) >= 60);
  await until("the last retry", async () => (await starts()).includes("start retried 3"), 20);
  await gate.open();
  expect((await runEnd(postgres.db, run.id, 20)).state).toBe("success");
  const all = await starts();
  expect(new Set(all).size).toBe(all.length);
  const slots = await rows(
    postgres.db,
    "select from dagsmith.dag_run where dag_id = 'clocked' group by logical_date",
  );
  expect([slots.length, await ended()]).toEqual([60, 60]);
  const said = services.flatMap((service) => service.said.map(({ event }) => event));
  expect(said.filter((event) => /lost|late|restarted|failed/.test(event))).toEqual([]);
  expect(services.map((service) => service.ended)).toEqual([null, null, null]);
});

test.each([1, -1])(
  "a run by hand takes the database's time on a host %d hours off",
  async (hours) => {
    const dagId = `by_hand_${hours > 0 ? "ahead" : "behind"}`;
    await deploy(postgres.db, await dagFolder({ "a.js": daily(dagId, "2020-01-01", false) }));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + hours * HOUR_MS });
    const { id } = await triggerRun(postgres.db, { dagId, actor: "test" });
    const [run] = await rows<{ off: number }>(
      postgres.db,
      "select abs(extract(epoch from logical_date - now()))::float8 as off from dagsmith.dag_run where id = $1",
      [id],
    );
    expect(run!.off).toBeLessThan(60);
  },
);
