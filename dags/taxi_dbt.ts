/**
 * Builds the models of the dbt project `taxi_rides` from New York's taxi trips: after
 * each load of `taxi_to_postgres`, or by hand with another command:
 * dag trigger taxi_dbt --params '{"command": "test"}'
 *
 * Connection: `warehouse`, the PostgreSQL with the trips. Needs Python 3 on the machine
 * of the worker; dbt is installed there once.
 */
import { dag, folder } from "dagsmith";
import { dbt } from "dagsmith/plugins/dbt";
import { z } from "zod";
import { taxiTrips } from "./taxi_to_postgres.ts";

const d = dag("taxi_dbt", {
  schedule: taxiTrips,
  // Two runs at the same time would build the same tables.
  maxActiveRuns: 1,
  pausedAtCreation: true,
  params: z.object({ command: z.enum(["build", "run", "test", "seed"]).default("build") }),
});

const project = folder("./taxi_rides", { exclude: ["target", "logs"] });

const built = d.task(
  "dbt",
  { retries: 2, retryDelay: "1m", executionTimeout: "30m" },
  dbt({
    project,
    connection: "warehouse",
    schema: "taxi",
    threads: 8,
    command: ({ params }) => params.command,
  }),
);

d.task("report", { inputs: { built } }, ({ inputs, log }) => {
  const slowest = inputs.built.results.toSorted((one, other) => other.seconds - one.seconds);
  for (const { node, status, seconds } of slowest.slice(0, 5))
    log.info(`${node}: ${status} in ${seconds.toFixed(1)} s`);
  return inputs.built.results.length;
});

export default d;
