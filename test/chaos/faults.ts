/** How each kind of fault is done to a stand. */
import { cancelRun, clearRuns, triggerRun } from "../../runtime/actions/index.ts";
import { isDagsmithError } from "../../sdk/errors.ts";
import { HUNGRY, POISONED, triggeredDags } from "./dags.ts";
import type { FaultKind, PlannedFault } from "./plan.ts";
import { RECOVERY_MS, type Role, type Service } from "./service.ts";
import type { Stand } from "./stand.ts";

/** What was done, for the log; null: there was nothing to do it to. */
type Done = string | null;
type Fault = (stand: Stand, plan: PlannedFault) => Promise<Done>;

const ACTOR = "chaos";

const FAULTS: Readonly<Record<FaultKind, Fault>> = {
  "kill worker": (stand, plan) => kill(stand, plan, "worker"),
  "kill scheduler": (stand, plan) => kill(stand, plan, "scheduler"),
  "kill task process": killTaskProcess,
  "freeze worker": (stand, plan) => freeze(stand, plan, "worker"),
  "freeze scheduler": (stand, plan) => freeze(stand, plan, "scheduler"),
  "freeze in a transaction": freezeInTransaction,
  "restart database": (stand) => restart(stand, false),
  "crash database": (stand) => restart(stand, true),
  "end backends": endBackends,
  "reset connections": resetConnections,
  "slow connections": (stand, plan) => disturb(stand, plan, ({ proxy }) => proxy.slow(150)),
  "silence for a while": (stand, plan) => disturb(stand, plan, ({ proxy }) => proxy.silence()),
  "silence for ever": silenceForEver,
  deploy: async (stand) => {
    await stand.deploy();
    return "a new version of every DAG";
  },
  clear: (stand, plan) => act(stand, plan, ENDED_RUNS, clearOne),
  cancel: (stand, plan) => act(stand, plan, RUNNING_RUNS, cancelOne),
  burst,
  "disk full": (stand, plan) => refuseWrites(stand, plan, "fillDisk"),
  "read-only": (stand, plan) => refuseWrites(stand, plan, "refuseWrites"),
  poison: async (stand) => {
    await triggerRun(stand.db, { dagId: POISONED, actor: ACTOR });
    return `a run of ${POISONED}`;
  },
  "exhaust memory": async (stand) => {
    await triggerRun(stand.db, { dagId: HUNGRY, actor: ACTOR });
    return `a run of ${HUNGRY}`;
  },
  "set clock": setClock,
};

/** Does a planned fault, and waits until it is over. */
export const doFault: Fault = (stand, plan) => FAULTS[plan.kind](stand, plan);

function chosen<Item>(items: readonly Item[], { choice }: PlannedFault): Item | undefined {
  return items[choice % Math.max(1, items.length)];
}

/** A service that runs and is not disturbed already. */
function victim(stand: Stand, plan: PlannedFault, role?: Role): Service | undefined {
  const all = role === undefined ? stand.services : stand.of(role);
  return chosen(
    all.filter(({ isFree }) => isFree),
    plan,
  );
}

async function kill(stand: Stand, plan: PlannedFault, role: Role): Promise<Done> {
  const service = victim(stand, plan, role);
  service?.kill(plan.clockMs);
  return service ? `${service.name}, clock then off by ${plan.clockMs / 3_600_000} h` : null;
}

const HOUR_MS = 3_600_000;

/** Sets the clock of a service that runs an hour forth or back, and back again. */
async function setClock(stand: Stand, plan: PlannedFault): Promise<Done> {
  const service = victim(stand, plan);
  if (!service) return null;
  const hours = plan.choice % 2 === 0 ? 1 : -1;
  service.setClock(hours * HOUR_MS);
  await passing(plan.lastsMs);
  service.setClock(0);
  return `${service.name} off by ${hours} h for ${plan.lastsMs} ms`;
}

async function killTaskProcess(stand: Stand, plan: PlannedFault): Promise<Done> {
  const children = await Promise.all(stand.of("worker").map((worker) => worker.children()));
  const pid = chosen(children.flat(), plan);
  if (pid === undefined) return null;
  try {
    process.kill(pid, "SIGKILL");
    return `process ${pid}`;
  } catch {
    return null;
  }
}

const passing = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function freeze(stand: Stand, plan: PlannedFault, role: Role): Promise<Done> {
  const service = victim(stand, plan, role);
  return service ? frozen(service, plan.lastsMs) : null;
}

async function frozen(service: Service, ms: number): Promise<Done> {
  await service.disturb(
    ms,
    () => service.freeze(),
    () => service.thaw(),
  );
  return `${service.name} for ${ms} ms`;
}

const IN_TRANSACTION = {
  name: "chaos_in_transaction",
  text: `select client_port as port from pg_stat_activity
    where state = 'idle in transaction' and client_port = any($1)`,
};

/**
 * Looks until a session of the service is inside a transaction, and freezes the service
 * there.
 */
async function freezeInTransaction(stand: Stand, plan: PlannedFault): Promise<Done> {
  const service = victim(stand, plan, plan.choice % 2 === 0 ? "worker" : "scheduler");
  if (!service) return null;
  service.suffersFor(plan.lastsMs + RECOVERY_MS);
  for (let look = 0; look < 200; look++) {
    service.freeze();
    const found = await stand.db.query(IN_TRANSACTION, [service.proxy.serverSidePorts]);
    if (found.length > 0) return frozen(service, plan.lastsMs);
    service.thaw();
    await passing(5);
  }
  return null;
}

async function restart(stand: Stand, crash: boolean): Promise<Done> {
  await stand.server.restart({ crash });
  for (const service of stand.services) service.suffersFor(RECOVERY_MS);
  return crash ? "as after a power cut" : "fast";
}

/** No service can do its work meanwhile. */
async function refuseWrites(
  stand: Stand,
  { lastsMs }: PlannedFault,
  how: "fillDisk" | "refuseWrites",
): Promise<Done> {
  if (how === "fillDisk" && !stand.server.canBeFull) return null;
  const suffer = (ms: number): void => {
    for (const service of stand.services) service.suffersFor(ms);
  };
  await stand.server[how](async () => {
    suffer(lastsMs + RECOVERY_MS);
    await passing(lastsMs);
  });
  suffer(RECOVERY_MS);
  return `for ${lastsMs} ms`;
}

const END_BACKENDS = {
  name: "chaos_end_backends",
  text: `select count(pg_terminate_backend(pid))::int as ended from pg_stat_activity
    where application_name like 'dagsmith%' and pid <> pg_backend_pid() and random() < 0.5`,
};

async function endBackends(stand: Stand): Promise<Done> {
  for (const service of stand.services) service.suffersFor(RECOVERY_MS);
  const [row] = await stand.db.query<{ ended: number }>(END_BACKENDS);
  return `${row?.ended ?? 0} sessions`;
}

async function resetConnections(stand: Stand, plan: PlannedFault): Promise<Done> {
  const service = victim(stand, plan);
  if (!service) return null;
  service.suffersFor(RECOVERY_MS);
  service.proxy.reset();
  return service.name;
}

async function disturb(
  stand: Stand,
  plan: PlannedFault,
  begin: (service: Service) => void,
): Promise<Done> {
  const service = victim(stand, plan);
  if (!service) return null;
  await service.disturb(
    plan.lastsMs,
    () => begin(service),
    () => service.proxy.heal(),
  );
  return `${service.name} for ${plan.lastsMs} ms`;
}

/**
 * How long a service may take to find out that its connections are silent, with what
 * follows.
 */
const SILENCE_FOUND_MS = 90_000;

async function silenceForEver(stand: Stand, plan: PlannedFault): Promise<Done> {
  const service = victim(stand, plan);
  if (!service) return null;
  service.suffersFor(SILENCE_FOUND_MS);
  service.proxy.silenceForEver();
  return service.name;
}

const ENDED_RUNS = {
  name: "chaos_ended_runs",
  text: "select id from dagsmith.dag_run where state in ('success', 'failed') order by id",
};
const RUNNING_RUNS = {
  name: "chaos_running_runs",
  text: "select id from dagsmith.dag_run where state = 'running' order by id",
};

async function act(
  stand: Stand,
  plan: PlannedFault,
  runs: typeof ENDED_RUNS,
  one: (stand: Stand, id: number) => Promise<unknown>,
): Promise<Done> {
  const id = chosen(await stand.db.query<{ id: number }>(runs), plan)?.id;
  if (id === undefined) return null;
  try {
    await one(stand, id);
    return `run ${id}`;
  } catch (error) {
    // The run moved on in between, which is an answer and no fault.
    if (isDagsmithError(error)) return `run ${id}: ${error.code}`;
    throw error;
  }
}

const clearOne = (stand: Stand, id: number): Promise<unknown> =>
  clearRuns(stand.db, { of: { run: id }, actor: ACTOR });
const cancelOne = (stand: Stand, id: number): Promise<unknown> =>
  cancelRun(stand.db, { id, actor: ACTOR });

async function burst(stand: Stand, plan: PlannedFault): Promise<Done> {
  const dags = triggeredDags(stand.seed);
  const dagId = chosen(dags, plan) ?? "";
  for (let run = 0; run < 12; run++) await triggerRun(stand.db, { dagId, actor: ACTOR });
  return `12 runs of ${dagId}`;
}
