/** Taxi trips, loaded from an archive on loopback, and the models that dbt makes of them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runDag } from "dagsmith/testing";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import taxiDbt from "../../dags/taxi_dbt.ts";
import taxiToPostgres from "../../dags/taxi_to_postgres.ts";
import { type SandboxTaxi, startSandboxTaxi, TRIPS_PER_MONTH } from "../../runtime/sandbox/taxi.ts";
import { describeWith } from "../support/counterpart.ts";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { findPyPI } from "../support/python_packages.ts";

/** Installing dbt takes a minute on a fast network. */
const PATIENT = { timeout: 550_000 };

describeWith("taxi_dbt with dbt from PyPI", await findPyPI("dbt-postgres==1.9.0"), () => {
  let home: string;
  let archive: SandboxTaxi;
  let warehouse: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "taxi-dbt-"));
    [archive, warehouse] = await Promise.all([startSandboxTaxi(), testDatabase()]);
    client = new Client({ connectionString: warehouse.url });
    await client.connect();
  });
  // Each test ends with the environment as it was.
  beforeEach(() => void vi.stubEnv("HOME", home));
  afterAll(async () => {
    await client?.end();
    await warehouse?.drop();
    await archive?.close();
    await rm(home, { recursive: true, force: true });
  });

  const load = async (taxi: "green" | "yellow", month: string): Promise<void> => {
    const connections = {
      trips: { type: "http", host: archive.url },
      warehouse: warehouse.url,
    };
    const done = await runDag(taxiToPostgres, { params: { taxi, month }, connections });
    expect(done.state).toBe("success");
  };
  const build = async (command: "build" | "test" = "build") => {
    const connections = { warehouse: warehouse.url };
    const done = await runDag(taxiDbt, { params: { command }, connections });
    return { ...done, error: done.tasks[0]?.error?.message };
  };
  const one = async (text: string): Promise<unknown> => (await client.query(text)).rows[0];
  const trips = () => one("select count(*)::int as n from taxi.fct_trips");

  it(
    "builds and tests all models, each trip once, and adds a month that is late",
    PATIENT,
    async () => {
      await load("yellow", "2019-03");
      await load("green", "2019-03");
      const first = await build();
      expect([first.state, first.error]).toEqual(["success", undefined]);
      expect(await trips()).toEqual({ n: 2 * TRIPS_PER_MONTH });
      await load("green", "2019-01");
      expect((await build()).state).toBe("success");
      expect(await trips()).toEqual({ n: 3 * TRIPS_PER_MONTH });
      const revenue = "select sum(trips)::int as n from taxi.fct_monthly_zone_revenue";
      expect(await one(revenue)).toEqual({ n: 3 * TRIPS_PER_MONTH });
      const garment =
        "select count(*)::int as n from taxi.fct_trips where pickup_zone = 'Garment District'";
      expect(await one(garment)).toEqual({ n: 3 });
    },
  );

  it("fails by the test of the data that does not hold", PATIENT, async () => {
    await client.query("insert into taxi.fct_trips (trip_id, service) values (null, 'green')");
    expect((await build("test")).error).toMatch(
      /did not pass: test\.taxi_rides\.not_null_fct_trips/,
    );
  });
});
