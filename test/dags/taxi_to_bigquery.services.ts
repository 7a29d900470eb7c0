/** Taxi trips through a bucket of fake-gcs-server into local-bigquery, which reads its files. */
import { identifier, sql } from "dagsmith";
import { bigqueryHook } from "dagsmith/plugins/bigquery";
import { runDag, runTask } from "dagsmith/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import gcpSetup from "../../dags/gcp_setup.ts";
import taxiToBigquery from "../../dags/taxi_to_bigquery.ts";
import { type SandboxTaxi, startSandboxTaxi, TRIPS_PER_MONTH } from "../../runtime/sandbox/taxi.ts";
import { describeWith } from "../support/counterpart.ts";
import { findFakeGcs, startFakeGcs } from "../support/fake_gcs.ts";
import { findLocalBigquery, startLocalBigquery } from "../support/local_bigquery.ts";
import type { ServerProcess } from "../support/server_process.ts";

const [gcs, bigquery] = [await findFakeGcs(), await findLocalBigquery()];
const programs =
  "found" in gcs && "found" in bigquery
    ? { found: { gcs: gcs.found, bigquery: bigquery.found } }
    : {
        missing: "missing" in gcs ? gcs.missing : String("missing" in bigquery && bigquery.missing),
      };

describeWith("taxi_to_bigquery with fake-gcs-server and local-bigquery", programs, (found) => {
  let archive: SandboxTaxi;
  let buckets: ServerProcess;
  let warehouse: Awaited<ReturnType<typeof startLocalBigquery>>;
  beforeAll(async () => {
    warehouse = await startLocalBigquery(found.bigquery);
    [archive, buckets] = await Promise.all([
      startSandboxTaxi(),
      startFakeGcs(found.gcs, warehouse.gcs),
    ]);
  });
  afterAll(async () => {
    await archive?.close();
    await buckets?.stop();
    await warehouse?.stop();
  });

  const at = (host = archive.url) => ({
    variables: { gcp_bucket: "taxi-trips" },
    connections: {
      trips: { type: "http", host },
      google: {
        type: "google_cloud_platform",
        extra: {
          ...{ project: "taxi", api_endpoint: buckets.url },
          bigquery_api_endpoint: warehouse.url,
        },
      },
    },
  });
  const setUp = () => runDag(gcpSetup, at());
  const load = (taxi: "green" | "yellow", month: string) =>
    runDag(taxiToBigquery, { params: { taxi, month }, ...at() });
  const tableAt = async (name: string) => {
    const path = `bigquery/v2/projects/taxi/datasets/zoomcamp/tables/${name}`;
    const answer = await fetch(`${warehouse.url}/${path}`);
    return answer.ok ? ((await answer.json()) as Record<string, unknown>) : null;
  };
  /** Of a table: its rows, its trips, and the files that they came from. */
  const tripsIn = async (name: string) => {
    const counts = sql`select count(*) as n, count(distinct unique_row_id) as ids,
      count(distinct filename) as files from ${identifier("zoomcamp", name)}`;
    const { output } = await runTask(async ({ hook }) => {
      const [row] = await (await hook(bigqueryHook("google"))).query(counts);
      return Object.values(row ?? {});
    }, at());
    return output;
  };
  const failures = ({ tasks }: Awaited<ReturnType<typeof setUp>>) =>
    tasks.filter(({ state }) => state === "failed").map(({ taskId, reason }) => [taskId, reason]);

  it("fails without a bucket, and loads nothing", async () => {
    const run = await load("green", "2019-01");
    expect(run.tasks.find(({ taskId }) => taskId === "upload")?.reason).toMatch(
      /^FailTask: GCS put/,
    );
    expect(await tableAt("green_tripdata")).toBeNull();
  });

  it("sets up the bucket and the dataset, and once more without a change", async () => {
    for (const time of ["first", "second"])
      expect([time, failures(await setUp())]).toEqual([time, []]);
    const bucket = await fetch(`${buckets.url}/storage/v1/b/taxi-trips`);
    expect(await bucket.json()).toMatchObject({ name: "taxi-trips" });
  });

  it("loads each month of a colour once, also when it is loaded again", async () => {
    for (const month of ["2019-01", "2019-02", "2019-01"])
      expect([month, failures(await load("green", month))]).toEqual([month, []]);
    expect(await tripsIn("green_tripdata")).toEqual([2 * TRIPS_PER_MONTH, 2 * TRIPS_PER_MONTH, 2]);
    expect(await tableAt("green_tripdata")).toMatchObject({
      timePartitioning: { type: "DAY", field: "lpep_pickup_datetime" },
    });
    expect(await tableAt("green_tripdata_2019_01_ext")).toBeNull();
    const run = await load("yellow", "2019-01");
    expect(failures(run)).toEqual([]);
    expect(run.tasks.find(({ taskId }) => taskId === "green.merge")?.state).toBe("skipped");
    expect(run.labels).toMatchObject({ taxi: "yellow", file: "yellow_tripdata_2019-01.csv" });
    expect(await tripsIn("yellow_tripdata")).toEqual([TRIPS_PER_MONTH, TRIPS_PER_MONTH, 1]);
  });
});
