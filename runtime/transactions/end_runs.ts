/**
 * The transaction that creates runs of DAGs from the ends of runs that they wait for. It
 * locks the row of the waiting DAG, so that an end is used once.
 */
import type { DagRunEnd } from "../../sdk/sources/event.ts";
import { chainOf } from "../../sdk/sources/trigger.ts";
import { type AuditEntry, auditAll } from "../store/access/audit.ts";
import type { Plans } from "../store/dags/plans.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { createRuns, type NewRun } from "../store/runs/dag_run.ts";
import { eventRun, lockWaitingDags, type TriggeredDag } from "../store/sources/event_run.ts";
import {
  dagsWithRunEnds,
  deleteEnds,
  deleteForeignEnds,
  type End,
  type RunSource,
  readEnds,
  runSourcesOf,
} from "../store/sources/run_listener.ts";
import { pairEnds } from "../timetable/sources/pair_ends.ts";
import { type CreatedRuns, createRunsFromNews } from "./runs_from_news.ts";

/**
 * Creates the runs for which all ends are there, and starts them if the DAG's limits
 * allow.
 * @returns how many runs were created
 */
export function createEndRuns(db: Database, plans: Plans): Promise<number> {
  return createRunsFromNews(db, plans, { dags: dagsWithRunEnds, createRuns: createBatch });
}

async function createBatch(
  tx: Queryable,
  plans: Plans,
  dagIds: readonly string[],
): Promise<CreatedRuns> {
  const dags = (await lockWaitingDags(tx, plans, dagIds)).map((dag) => ({
    ...dag,
    sources: runSourcesOf(dag.spec),
  }));
  const locked = dags.map(({ dagId }) => dagId);
  if (dags.length === 0) return { locked, made: [] };
  await deleteForeignEnds(tx, dags);
  const sources = dags.flatMap((dag) => dag.sources.map((source) => ({ ...dag, source })));
  const ends = await readEnds(tx, sources);
  const runs: NewRun[] = [];
  const done: number[] = [];
  const stopped: AuditEntry[] = [];
  for (const { source, ...dag } of sources) {
    const own = ends.filter((end) => end.listener === dag.dagId && end.source === source.name);
    const { runs: pairs, waiting } = pairEnds(source, own);
    const left = new Set(waiting.map(({ id }) => id));
    for (const { id } of own) if (!left.has(id)) done.push(id);
    for (const pair of pairs) {
      const run = endRun(dag, source, pair);
      if (run) runs.push(run);
      else stopped.push(loopStopped(dag.dagId, source, pair));
    }
  }
  await auditAll(tx, stopped);
  await deleteEnds(tx, done);
  const created = await createRuns(tx, runs);
  return { locked, made: created.map(({ dagId }) => dagId) };
}

function loopStopped(dagId: string, { name }: RunSource, ends: readonly End[]): AuditEntry {
  const detail = { source: name, after: ends.map(({ runId }) => runId) };
  return { actor: "scheduler", action: "stop event loop", dagId, detail };
}

/** Null when the DAG is among those whose runs led here: the circle would never end. */
function endRun(dag: TriggeredDag, source: RunSource, ends: readonly End[]): NewRun | null {
  const chain = [...new Set(ends.flatMap(({ dagId, trigger }) => [...chainOf(trigger), dagId]))];
  if (chain.includes(dag.dagId)) return null;
  const events = ends.map(
    ({ dagId, runId, state, at }): DagRunEnd => ({
      dagId,
      runId,
      state: state as DagRunEnd["state"],
      at: at.toISOString(),
    }),
  );
  return eventRun(dag, { type: "dagRun", name: source.name, events, chain });
}
