/** One chaos run from begin to end: work and faults, then rest, then checks. */
import { readdir, readFile } from "node:fs/promises";
import { triggerRun } from "../../runtime/actions/index.ts";
import { type Check, checkAll } from "./checks.ts";
import { triggeredDags } from "./dags.ts";
import { doFault } from "./faults.ts";
import { readJournal } from "./journal.ts";
import { Monitor } from "./monitor.ts";
import type { FaultKind, PlannedFault } from "./plan.ts";
import { randomOf } from "./random.ts";
import { Stand, type StandOptions } from "./stand.ts";

export interface ChaosOptions extends StandOptions {
  readonly plan: readonly PlannedFault[];
  /** The longest that a service may stand still by a fault of another one. */
  readonly mostStillMs: number;
  readonly log: (line: string) => void;
}

export interface ChaosReport {
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly checks: readonly Check[];
  /** Figures by name, such as runs and lost tries. */
  readonly figures: Readonly<Record<string, number>>;
  /** The end of what each service printed, for a report of a failure. */
  readonly logs: ReadonlyMap<string, string>;
}

const ACTOR = "chaos";
const ACTIVE_RUNS = 8;
/** The schedule of the DAG that has one. */
const TICK_MS = 3_000;
/** Without any progress for so long, what is open will not end. */
const STUCK_MS = 90_000;

export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const { plan, mostStillMs, log } = options;
  await using stand = await Stand.open(options);
  const monitor = new Monitor(stand);
  const faults = await underFire(stand, plan, log);
  log("the faults are over; waiting for the end of all runs");
  await stand.endSchedule();
  await rest(stand, log);
  await monitor.stop();
  const journal = await readJournal(stand.journal);
  const checks = await checkAll(stand.db, journal, { everyMs: TICK_MS });
  const figures = {
    ...(await figuresOf(stand)),
    "lines in the journal": journal.length,
    "ms: longest standstill by a fault of another": Math.round(
      Math.max(...monitor.longest.values()),
    ),
    "ms: longest time without any worker": Math.round(monitor.longestPauseMs),
  };
  const ends = await stopAll(stand);
  return {
    faults,
    figures,
    checks: [
      ...checks,
      { name: "no service ended unasked", problems: unaskedEnds(stand) },
      {
        name: `no service stood still for ${mostStillMs / 1_000} s by a fault of another`,
        problems: stillFor(monitor, mostStillMs),
      },
      { name: "every service ends when it is asked to", problems: ends },
      { name: "no process is left", problems: await processesLeft(stand) },
    ],
    logs: new Map(
      await Promise.all(stand.services.map(async (one) => [one.name, await one.log()] as const)),
    ),
  };
}

async function underFire(
  stand: Stand,
  plan: readonly PlannedFault[],
  log: (line: string) => void,
): Promise<ReadonlyMap<FaultKind, number>> {
  const done = new Map<FaultKind, number>();
  const under = { isOver: false };
  const working = work(stand, under);
  const lasting: Promise<void>[] = [];
  for (const fault of plan) {
    await new Promise((resolve) => setTimeout(resolve, fault.afterMs));
    lasting.push(
      doFault(stand, fault).then((what) => {
        if (what === null) return;
        done.set(fault.kind, (done.get(fault.kind) ?? 0) + 1);
        log(`${fault.kind}: ${what}`);
      }),
    );
  }
  await Promise.all(lasting);
  under.isOver = true;
  await working;
  return done;
}

const ACTIVE = {
  name: "chaos_active",
  text: "select count(*)::int as runs from dagsmith.dag_run where state in ('queued', 'running')",
};

/** Keeps some runs going while faults happen. */
async function work(stand: Stand, under: { readonly isOver: boolean }): Promise<void> {
  const random = randomOf(stand.seed + 13);
  while (!under.isOver) {
    const [row] = await stand.db.query<{ runs: number }>(ACTIVE);
    const isIdle = (row?.runs ?? 0) < ACTIVE_RUNS;
    if (isIdle)
      await triggerRun(stand.db, { dagId: random.pick(triggeredDags(stand.seed)), actor: ACTOR });
    await new Promise((resolve) => setTimeout(resolve, isIdle ? 50 : 250));
  }
}

// What is open, and what moves: a retry changes the second even when the first stays.
const OPEN = {
  name: "chaos_open",
  text: `
select (select count(*) from dagsmith.dag_run where state in ('queued', 'running'))
  + (select count(*) from dagsmith.callback where finished_at is null)
  + (select count(*) from dagsmith_queue.jobs) as open,
  (select coalesce(sum(try_number + pokes), 0) from dagsmith.task_instance)
  + (select count(*) from dagsmith.task_instance where finished_at is not null) as moves`,
};

async function rest(stand: Stand, log: (line: string) => void): Promise<void> {
  let [seen, since] = ["", performance.now()];
  for (;;) {
    const [now] = await stand.db.query<{ open: number; moves: number }>(OPEN);
    if (now?.open === 0) return;
    const state = JSON.stringify(now);
    if (state !== seen) [seen, since] = [state, performance.now()];
    if (performance.now() - since > STUCK_MS)
      return log(`no progress for ${STUCK_MS / 1_000} s: ${state}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

const FIGURES = {
  name: "chaos_figures",
  text: `
select (select count(*) from dagsmith.dag_run)::int as runs,
  (select count(*) from dagsmith.task_instance)::int as "task instances",
  (select count(*) from dagsmith.task_try where state = 'lost')::int as "lost tries",
  (select count(*) from dagsmith.callback)::int as callbacks`,
};

async function figuresOf(stand: Stand): Promise<Readonly<Record<string, number>>> {
  const [row] = await stand.db.query<Record<string, number>>(FIGURES);
  return row ?? {};
}

const unaskedEnds = (stand: Stand): readonly string[] =>
  stand.services.flatMap(({ unaskedEnds: ends }) => ends);

function stillFor(monitor: Monitor, mostMs: number): readonly string[] {
  return [...monitor.longest].flatMap(([name, ms]) =>
    ms > mostMs ? [`${name} for ${(ms / 1_000).toFixed(1)} s`] : [],
  );
}

async function stopAll(stand: Stand): Promise<readonly string[]> {
  const ends = await Promise.all(
    stand.services.map(async (service) => ({ name: service.name, ...(await service.stop()) })),
  );
  return ends.flatMap(({ name, end, ms }) =>
    end === "code 0" && ms < 30_000 ? [] : [`${name}: ${end} after ${(ms / 1_000).toFixed(1)} s`],
  );
}

const LEAVE_MS = 15_000;

/** Processes of this stand, found by their environment, that do not end by themselves. */
async function processesLeft(stand: Stand): Promise<readonly string[]> {
  const until = performance.now() + LEAVE_MS;
  for (;;) {
    const left = await processesOf(stand.id);
    if (left.length === 0 || performance.now() > until) return left;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function processesOf(mark: string): Promise<readonly string[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      if (!environment.includes(`CHAOS_ID=${mark}`)) return [];
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return [`${pid} ${command.replaceAll("\0", " ").trim()}`];
    }),
  );
  return found.flat();
}
