/** The metrics of a service: what each process counts, and where it answers. */
import type { ServiceMetrics } from "../../observe/service_metrics.ts";
import type { Loop } from "../../service/loop.ts";
import { late } from "../../service/watchdog.ts";
import type { Database } from "../../store/database/database.ts";
import { databaseTime } from "../../store/reads/clock.ts";
import { pageReader } from "../../store/reads/reader.ts";
import type { Cli } from "../command.ts";
import type { Running } from "./running.ts";

/**
 * Metrics and probes, when DAG_METRICS_PORT is set.
 * @throws DagsmithError PORT_IN_USE
 */
export async function startMetrics(
  { config, say }: Cli,
  db: Database,
  running: Running,
): Promise<ServiceMetrics | undefined> {
  const { host, port } = config.metrics;
  if (port === null) return undefined;
  const [{ ServiceMetrics }, { startMetricsServer }] = await Promise.all([
    import("../../observe/service_metrics.ts"),
    import("../../observe/metrics_server.ts"),
  ]);
  const metrics = new ServiceMetrics();
  const loops = (): readonly Loop[] => running.loops();
  metrics.watchPool(db.pool);
  metrics.watchLoops(loops);
  const fault = async (): Promise<string | null> =>
    running.isUp ? faultOf(db, loops) : "starting";
  const server = running.add(await startMetricsServer({ host, port, metrics, fault }));
  say(`Metrics are at ${server.url}/metrics`);
  return metrics;
}

/** Why a service cannot work now, in words for a probe. */
async function faultOf(db: Database, loops: () => readonly Loop[]): Promise<string | null> {
  if (late(loops()).length > 0) return "late loops";
  return databaseTime(pageReader(db)).then(
    () => null,
    () => "no database",
  );
}
