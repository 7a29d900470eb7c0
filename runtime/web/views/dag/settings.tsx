/** The settings of a DAG as its newest version declares them, and who may do what. */
import type { ComponentChildren, VNode } from "preact";
import type { DagDetail } from "../../../store/reads/dags.ts";
import { plainSchedules } from "../../../timetable/plain_schedule.ts";
import { schedulesText } from "../../../timetable/schedule_text.ts";
import { durationText } from "../../../words/duration_text.ts";
import { PauseSwitch } from "../parts/form.tsx";
import { Time } from "../parts/time.tsx";

/** What the holders of a permission may do with the DAG. */
export interface Allowed {
  readonly what: string;
  /** The least role that may. */
  readonly role: string;
  /** Users who may; null for readers who may not see users. */
  readonly users: readonly string[] | null;
}

export interface SettingsProps {
  readonly dag: DagDetail;
  /** Absent: the reader may not pause the DAG. */
  readonly token: string | undefined;
  readonly allowed: readonly Allowed[];
}

export function Settings({ dag, token, allowed }: SettingsProps): VNode {
  return (
    <>
      <p class="faint above">
        The DAG file declares these settings; a deployment changes them. Only the switch is changed
        here.
      </p>
      <table class="list settings">
        <tbody>
          {settingsOf(dag, token).map(([name, value]) => (
            <tr data-key={name}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h2>Who may</h2>
      <WhoMay allowed={allowed} />
    </>
  );
}

type Setting = readonly [name: string, value: ComponentChildren];

function settingsOf(dag: DagDetail, token: string | undefined): readonly Setting[] {
  return [...standing(dag, token), ...times(dag), ...limits(dag), ...failures(dag)];
}

function standing(dag: DagDetail, token: string | undefined): readonly Setting[] {
  const { dagId, isPaused, pauseReason, spec } = dag;
  return [
    ["Schedule on", <PauseSwitch dagId={dagId} isPaused={isPaused} token={token} />],
    ...(pauseReason === null ? [] : [["Paused because", pauseReason] as const]),
    ["Description", spec.description ?? "none"],
    ["Tags", spec.tags.join(", ") || "none"],
    ["Paused at its first deployment", spec.pausedAtCreation ? "yes" : "no"],
    ["History", <a href="/system">kept as long as that of all DAGs</a>],
  ];
}

function times({ spec }: DagDetail): readonly Setting[] {
  const { schedules, assets, on, timezone, startDate, endDate, catchup, catchupOrder } = spec;
  return [
    [
      "Schedule",
      <>
        {plainSchedules(schedules, assets, on)} <code>{schedulesText(schedules, assets, on)}</code>
      </>,
    ],
    ["Time zone", timezone],
    ["First logical date", startDate === null ? "none" : <Time at={startDate} />],
    ["Last logical date", endDate === null ? "none" : <Time at={endDate} />],
    ["Missed intervals", `${CATCHUP[catchup]}${catchupOrder ? ", the newest first" : ""}`],
  ];
}

const CATCHUP: Readonly<Record<DagDetail["spec"]["catchup"], string>> = {
  all: "each gets a run",
  last: "only the newest gets a run",
  none: "none gets a run",
};

function limits({ spec }: DagDetail): readonly Setting[] {
  const limit = (most: number | undefined): string => (most === undefined ? "no limit" : `${most}`);
  return [
    ["Active runs at most", `${spec.maxActiveRuns}`],
    ["Running tasks at most, over all runs", limit(spec.maxActiveTasks)],
    ["Running tasks at most, in one run", limit(spec.maxActiveTasksPerRun)],
    ["Longest run", timeText(spec.dagRunTimeoutMs)],
    ["Deadlines", `${spec.deadlines?.length ?? 0}`],
  ];
}

const timeText = (ms: number | undefined): string =>
  ms === undefined ? "no limit" : durationText(ms);

function failures({ spec }: DagDetail): readonly Setting[] {
  const most = spec.maxConsecutiveFailedDagRuns;
  return [
    ["The first failure ends the run", spec.failFast ? "yes" : "no"],
    ["Paused after failed runs in a row", most === undefined ? "never" : `${most}`],
    ["Callbacks", spec.callbacks?.join(", ") ?? "none"],
    ["Connections", spec.connections?.join(", ") ?? "all"],
  ];
}

function WhoMay({ allowed }: Pick<SettingsProps, "allowed">): VNode {
  const hasUsers = allowed.some(({ users }) => users !== null);
  return (
    <table class="list">
      <thead>
        <tr>
          <th>What</th>
          <th>Role, at least</th>
          {hasUsers && <th>Users</th>}
        </tr>
      </thead>
      <tbody>
        {allowed.map(({ what, role, users }) => (
          <tr data-key={what}>
            <th scope="row">{what}</th>
            <td>{role}</td>
            {hasUsers && <td>{users?.join(", ") || "none"}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
