/**
 * What a deployment will change, before it does: DAGs and their tasks, the next runs, what
 * the scheduler would create at once, pools that are missing, and runs under way.
 */
import type { DagSpec } from "../../sdk/spec/index.ts";
import { decide } from "../scheduler/decisions/decide.ts";
import { compareSpecs, type DagDifference } from "../specs/compare_specs.ts";
import { listConnections } from "../store/access/connection.ts";
import { type ScheduleMemory, scheduleMemories } from "../store/dags/dag_schedule.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { databaseTime } from "../store/reads/clock.ts";
import {
  type ActiveRuns,
  type CurrentDag,
  listActiveRuns,
  listCurrentDags,
} from "../store/reads/deployment_preview.ts";
import { listPools } from "../store/reads/pools.ts";
import { schedulesText } from "../timetable/schedule_text.ts";
import { connectionsOf, missingFrom, poolsOf } from "./missing_parts.ts";
import { pacedMap } from "./paced.ts";

/** A version that would become current. */
interface ComingDag {
  readonly dagId: string;
  readonly versionHash: string;
  readonly file: string;
  readonly spec: DagSpec;
}

export interface ComingFolder {
  readonly versions: readonly ComingDag[];
  /** Files that cannot be imported: their DAGs stay as they are. */
  readonly errors: readonly { readonly file: string }[];
}

/** When a DAG runs. */
interface Outlook {
  /** In words. */
  readonly schedule: string;
  readonly isPaused: boolean;
  /** How many runs the scheduler would create now, at most 1,000: what it has missed. */
  readonly runsNow: number;
  /** When it looks at the DAG again; null: never. */
  readonly nextRunAfter: Date | null;
  /** Why it has no next run. */
  readonly error: string | null;
}

interface ChangedDag extends DagDifference {
  readonly dagId: string;
  /** The version that runs under way keep. */
  readonly version: number;
}

/** The schedule of a DAG before and after; null where there is no DAG. */
interface ScheduleChange {
  readonly dagId: string;
  readonly before: Outlook | null;
  readonly after: Outlook;
}

export interface DeploymentPreview {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly ChangedDag[];
  readonly unchanged: number;
  /** Of DAGs that are added, and of those whose schedule or first run differs. */
  readonly schedules: readonly ScheduleChange[];
  /** Of DAGs that change or are removed. */
  readonly activeRuns: readonly ActiveRuns[];
  /** Pools that tasks name and that do not exist. */
  readonly missingPools: readonly { readonly pool: string; readonly dags: readonly string[] }[];
  /** Connections that DAGs name and that are not in the database; a source may have them. */
  readonly missingConnections: readonly {
    readonly connection: string;
    readonly dags: readonly string[];
  }[];
}

/** Tells what deploying a folder would change. Nothing is written. */
export function previewDeployment(db: Database, folder: ComingFolder): Promise<DeploymentPreview> {
  return db.transaction(async (tx) => {
    const current = new Map((await listCurrentDags(tx)).map((dag) => [dag.dagId, dag]));
    const { added, removed, changed } = await compareFolders(current, folder);
    const touched = [...changed.map(({ dagId }) => dagId), ...removed];
    const differing = folder.versions.filter(
      ({ dagId, versionHash }) => current.get(dagId)?.hash !== versionHash,
    );
    return {
      ...{ added, removed, changed },
      unchanged: folder.versions.length - differing.length,
      schedules: await scheduleChanges(tx, current, differing),
      activeRuns: await listActiveRuns(tx, touched),
      ...(await missingParts(tx, differing)),
    };
  });
}

/** DAGs of files that cannot be imported stay. */
async function compareFolders(
  current: ReadonlyMap<string, CurrentDag>,
  { versions, errors }: ComingFolder,
): Promise<Pick<DeploymentPreview, "added" | "removed" | "changed">> {
  const coming = new Set(versions.map(({ dagId }) => dagId));
  const broken = new Set(errors.map(({ file }) => file));
  const gone = [...current.values()].filter(
    ({ dagId, file }) => !coming.has(dagId) && !broken.has(file),
  );
  const changed = await pacedMap(versions, ({ dagId, versionHash, spec }) => {
    const before = current.get(dagId);
    if (!before || before.hash === versionHash) return [];
    return [{ dagId, version: before.version, ...compareSpecs(before.spec, spec) }];
  });
  return {
    added: [...coming].filter((dagId) => !current.has(dagId)),
    removed: gone.map(({ dagId }) => dagId),
    changed: changed.flat(),
  };
}

async function scheduleChanges(
  db: Queryable,
  current: ReadonlyMap<string, CurrentDag>,
  dags: readonly ComingDag[],
): Promise<readonly ScheduleChange[]> {
  const ids = dags.map(({ dagId }) => dagId);
  const memories = await scheduleMemories(db, ids);
  const now = await databaseTime(db);
  const found = await pacedMap(dags, ({ dagId, spec }) => {
    const known = memories.get(dagId) ?? [];
    const standing = current.get(dagId);
    const before = standing ? outlookOf(standing.spec, standing, known, now) : null;
    const after = outlookOf(spec, standing, known, now);
    return isSame(before, after) ? [] : [{ dagId, before, after }];
  });
  return found.flat();
}

const isSame = (before: Outlook | null, after: Outlook): boolean =>
  before !== null &&
  before.schedule === after.schedule &&
  before.runsNow === after.runsNow &&
  before.error === after.error &&
  before.nextRunAfter?.getTime() === after.nextRunAfter?.getTime();

/** The first pass of the scheduler over a version, without a limit of active runs. */
function outlookOf(
  spec: DagSpec,
  standing: Pick<CurrentDag, "isPaused" | "pausedAt" | "unpausedAt"> | undefined,
  memories: readonly ScheduleMemory[],
  now: Date,
): Outlook {
  const { isPaused = spec.pausedAtCreation, pausedAt = null, unpausedAt = null } = standing ?? {};
  const dag = {
    dagId: spec.dagId,
    versionId: 0,
    dueAt: now,
    pausedAt,
    unpausedAt,
    fullSince: null,
  };
  const unlimited = { ...spec, maxActiveRuns: Number.MAX_SAFE_INTEGER };
  const pass = decide({ dag, spec: unlimited, memories, active: 0, now });
  return {
    schedule: schedulesText(spec.schedules, spec.assets, spec.on),
    isPaused,
    runsNow: isPaused ? 0 : pass.runs.length,
    nextRunAfter: isPaused ? null : pass.dag.nextRunAfter,
    error: pass.dag.error,
  };
}

async function missingParts(
  db: Queryable,
  dags: readonly ComingDag[],
): Promise<Pick<DeploymentPreview, "missingPools" | "missingConnections">> {
  const pools = (await listPools(db)).map(({ name }) => name);
  const stored = (await listConnections(db)).map(({ id }) => id);
  return {
    missingPools: missingFrom(pools, dags, poolsOf).map(({ name, dags: users }) => ({
      ...{ pool: name, dags: users },
    })),
    missingConnections: missingFrom(stored, dags, connectionsOf).map(({ name, dags: users }) => ({
      ...{ connection: name, dags: users },
    })),
  };
}
