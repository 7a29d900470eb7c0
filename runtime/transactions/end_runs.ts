/**
 * The transaction that creates runs of DAGs from the ends of runs that they wait for. It
 * locks the row of the waiting DAG, so that an end is used once.
 */
import type { DagRunEnd } from "../../sdk/sources/dag_run.ts";
import { chainOf } from "../../sdk/sources/trigger.ts";
import { fittingEvents } from "../params/fitting_events.ts";
import { type AuditEntry, auditAll } from "../store/access/audit.ts";
import type { Plans } from "../store/dags/plans.ts";
import { countRefusedEvents } from "../store/dags/schedule_decision.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { createRuns, type NewRun } from "../store/runs/dag_run.ts";
import { eventRun, lockWaitingDags, type TriggeredDag } from "../store/sources/event_run.ts";
import {
  dagsWithRunEnds,
  deleteEnds,
  deleteForeignEnds,
  type End,
  endFacts,
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
  const outcomes: Outcome[] = [];
  for (const { source, ...dag } of sources) {
    const own = ends.filter((end) => end.listener === dag.dagId && end.source === source.name);
    outcomes.push(await outcomeOf(tx, dag, source, own));
  }
  await auditAll(
    tx,
    outcomes.flatMap(({ stopped }) => stopped),
  );
  await deleteEnds(
    tx,
    outcomes.flatMap(({ done }) => done),
  );
  const runs = outcomes.flatMap((outcome) => outcome.runs);
  const created = await createRuns(tx, runs);
  return { locked, made: created.map(({ dagId }) => dagId) };
}

/** What becomes of the ends that wait for one source. */
interface Outcome {
  readonly runs: readonly NewRun[];
  /** The ends that wait no longer. */
  readonly done: readonly number[];
  readonly stopped: readonly AuditEntry[];
}

async function outcomeOf(
  tx: Queryable,
  dag: TriggeredDag,
  source: RunSource,
  ends: readonly End[],
): Promise<Outcome> {
  const fitting = await fittingEnds(tx, dag.dagId, source, ends);
  const { runs: pairs, waiting } = pairEnds(source, fitting);
  const left = new Set(waiting.map(({ id }) => id));
  const done = ends.flatMap(({ id }) => (left.has(id) ? [] : [id]));
  const made = pairs.map((pair) => ({ pair, run: endRun(dag, source, pair) }));
  return {
    done,
    runs: made.flatMap(({ run }) => run ?? []),
    stopped: made.flatMap(({ pair, run }) =>
      run === null ? [loopStopped(dag.dagId, source, pair)] : [],
    ),
  };
}

/** The ends that fit the `when` of the source; the others are counted. */
async function fittingEnds(
  tx: Queryable,
  dagId: string,
  source: RunSource,
  ends: readonly End[],
): Promise<readonly End[]> {
  const { when } = source;
  if (when === undefined || ends.length === 0) return ends;
  const facts = await endFacts(tx, ends);
  const fitting = await fittingEvents(when, ends, ({ id }) => facts.get(id) ?? null);
  await countRefusedEvents(tx, dagId, source, ends.length - fitting.length);
  return fitting;
}

function loopStopped(dagId: string, { name }: RunSource, ends: readonly End[]): AuditEntry {
  const detail = { source: name, ends: ends.map(({ runId }) => runId) };
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
