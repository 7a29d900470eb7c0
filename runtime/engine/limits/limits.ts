/**
 * The limits of a task instance, as reservations: "one slot of this limit, which has so
 * many". Limits of every kind (pool, DAG, run, task, key, rate) become reservations here;
 * the rest of the code knows only reservations. Pure.
 */
import { type DagSpec, EVERY_TASK, type LateKeys, type TaskSpec } from "../../../sdk/spec/index.ts";

/** A share of one limit. */
export interface Reservation {
  /** Kind and name of the limit, such as `pool:api`: unique in the deployment. */
  readonly name: string;
  readonly slots: number;
  /** All slots of the limit; null for a pool, whose row has the number. */
  readonly limit: number | null;
  /**
   * Of a rate: slots are starts within this many milliseconds. Null: a slot is held from
   * the queue to the end of the try.
   */
  readonly perMs: number | null;
}

/** How an instance gets to a worker. */
export interface Route {
  /** Null: the queue `default`. */
  readonly queue: string | null;
  readonly weight: number;
  /** Without any, the instance is queued at once. */
  readonly reservations: readonly Reservation[];
}

/** The part of a task's route that is the same in every run. */
export interface PlannedRoute {
  readonly queue: string | null;
  readonly weight: number;
  readonly reservations: readonly Reservation[];
  /**
   * Whether a function of the task names a key when a try begins. Until then the
   * reservations are not known, and the instance goes to a worker without any.
   */
  readonly isLate: boolean;
  /** False for a group, which no worker runs. */
  readonly needsWorker: boolean;
  readonly reservationsWith: (keys: LateKeys) => readonly Reservation[];
  readonly maxActive: number | null;
  readonly maxActiveTasksPerRun: number | null;
}

/** The run that a route is for. */
export interface RoutedRun {
  readonly id: number;
  /** Whether a person has set the pool that holds every task. */
  readonly isGloballyLimited?: boolean;
  /** Whether the run belongs to a backfill: its tasks then yield to all other tasks. */
  readonly isBackfill?: boolean;
}

/**
 * Subtracted from the weight of a backfill's task: more than people give, and in the
 * queue's range.
 */
const BACKFILL_HANDICAP = 30_000;

const POOL = "pool:";
const KEY = "key:";
const RATE = "rate:";
const NO_RESERVATIONS: readonly Reservation[] = [];

/** The route of an instance that never goes to a worker. */
export const UNROUTED: Route = { queue: null, weight: 1, reservations: [] };

export function planRoute(dag: DagSpec, task: TaskSpec, weight: number): PlannedRoute {
  return {
    queue: task.routing?.queue ?? null,
    weight,
    reservations: reservationsIn(dag, task, { concurrency: null, rate: null }),
    needsWorker: task.kind?.type !== "group",
    isLate: task.routing?.concurrency?.key === null || task.routing?.rate?.key === null,
    reservationsWith: (keys) => reservationsIn(dag, task, keys),
    maxActive: task.maxActive,
    maxActiveTasksPerRun: dag.maxActiveTasksPerRun ?? null,
  };
}

/** Whether a task of this run must wait for slots before it goes to a worker. */
export function isLimited(route: PlannedRoute, run: RoutedRun): boolean {
  return !route.isLate && hasReservations(route, run);
}

/** Whether tries of a task of this run may hold slots. */
export function mayHoldSlots(route: PlannedRoute, run: RoutedRun): boolean {
  return route.isLate || hasReservations(route, run);
}

function hasReservations(route: PlannedRoute, run: RoutedRun): boolean {
  return (
    route.needsWorker &&
    (route.reservations.length > 0 ||
      route.maxActiveTasksPerRun !== null ||
      run.isGloballyLimited === true)
  );
}

/** The route of a task's instances in a run. */
export function routeIn(route: PlannedRoute, taskId: string, run: RoutedRun): Route {
  const { queue, maxActive } = route;
  const weight = run.isBackfill ? route.weight - BACKFILL_HANDICAP : route.weight;
  if (!isLimited(route, run)) return { queue, weight, reservations: NO_RESERVATIONS };
  const reservations = [...route.reservations, ...runReservations(route, run)];
  if (maxActive !== null) reservations.push(held(`map:${run.id}/${taskId}`, maxActive));
  return { queue, weight, reservations };
}

/**
 * The route of a try whose keys are known. `maxActive` was met when the try went to a
 * worker.
 */
export function routeWith(route: PlannedRoute, run: RoutedRun, keys: LateKeys): Route {
  return {
    queue: route.queue,
    weight: route.weight,
    reservations: [...route.reservationsWith(keys), ...runReservations(route, run)],
  };
}

/** The keys in reservations that were made with them. */
export function keysIn(reservations: readonly Reservation[]): LateKeys {
  const keyOf = (kind: string): string | null =>
    reservations.find(({ name }) => name.startsWith(kind))?.name.slice(kind.length) ?? null;
  return { concurrency: keyOf(KEY), rate: keyOf(RATE) };
}

function runReservations(
  { maxActiveTasksPerRun }: PlannedRoute,
  run: RoutedRun,
): readonly Reservation[] {
  const reservations: Reservation[] = [];
  if (run.isGloballyLimited) reservations.push(held(POOL + EVERY_TASK, null));
  if (maxActiveTasksPerRun !== null) reservations.push(held(`run:${run.id}`, maxActiveTasksPerRun));
  return reservations;
}

function reservationsIn(
  { dagId, maxActiveTasks }: DagSpec,
  { taskId, routing }: TaskSpec,
  keys: LateKeys,
): readonly Reservation[] {
  const reservations: Reservation[] = [];
  if (routing?.pool) reservations.push(held(POOL + routing.pool, null, routing.poolSlots));
  if (maxActiveTasks !== undefined) reservations.push(held(`dag:${dagId}`, maxActiveTasks));
  if (routing?.maxActiveAcrossRuns)
    reservations.push(held(`task:${dagId}/${taskId}`, routing.maxActiveAcrossRuns));
  const key = routing?.concurrency?.key ?? keys.concurrency;
  if (routing?.concurrency && key !== null)
    reservations.push(held(KEY + key, routing.concurrency.limit));
  const rate = routing?.rate?.key ?? keys.rate;
  if (routing?.rate && rate !== null)
    reservations.push({
      name: RATE + rate,
      slots: 1,
      limit: routing.rate.limit,
      perMs: routing.rate.perMs,
    });
  return reservations;
}

function held(name: string, limit: number | null, slots = 1): Reservation {
  return { name, slots, limit, perMs: null };
}

/** The pool of a reservation; undefined for another kind of limit. */
export function poolOf({ name }: Reservation): string | undefined {
  return name.startsWith(POOL) ? name.slice(POOL.length) : undefined;
}

/** Reservations as text: instances with the same text wait in one queue. */
export function reservationsText(reservations: readonly Reservation[]): string {
  return JSON.stringify(
    reservations.map(({ name, slots, limit, perMs }) => [name, slots, limit, perMs]),
  );
}

/** The reverse of {@link reservationsText}. */
export function parseReservations(text: string): readonly Reservation[] {
  return (JSON.parse(text) as [string, number, number | null, number | null][]).map(
    ([name, slots, limit, perMs]) => ({
      name,
      slots,
      limit,
      perMs,
    }),
  );
}
