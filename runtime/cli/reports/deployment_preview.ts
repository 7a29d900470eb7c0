/** What a deployment will change, as lines. Pure. */
import type { DeploymentPreview } from "../../actions/index.ts";
import { timeText } from "../output/words.ts";

type Changed = DeploymentPreview["changed"][number];
type Outlook = DeploymentPreview["schedules"][number]["after"];

export function previewLines(preview: DeploymentPreview): readonly string[] {
  const { added, removed, changed, unchanged, schedules, activeRuns } = preview;
  return [
    ...added.map((dagId) => `add     ${dagId}`),
    ...removed.map((dagId) => `remove  ${dagId} (its runs stay)`),
    ...changed.flatMap(changedLines),
    ...schedules.flatMap(({ dagId, before, after }) => scheduleLines(dagId, before, after)),
    ...activeRuns.map(
      ({ dagId, version, runs }) =>
        `running ${dagId}: ${counted(runs, "run")} under way, which keep version ${version}`,
    ),
    ...missingLines(preview),
    `${added.length} added, ${changed.length} changed, ${removed.length} removed, ${unchanged} unchanged. Nothing was deployed.`,
  ];
}

type Missing = Pick<DeploymentPreview, "missingPools"> &
  Partial<Pick<DeploymentPreview, "missingConnections">>;

/** An older server says nothing about connections. */
function missingLines({ missingPools, missingConnections = [] }: Missing): readonly string[] {
  return [
    ...missingPools.map(
      ({ pool, dags }) => `missing pool ${pool}, named by ${dags.join(", ")}: tasks would wait`,
    ),
    ...missingConnections.map(
      ({ connection, dags }) =>
        `not in the database: connection ${connection}, named by ${dags.join(", ")}; another source may have it`,
    ),
  ];
}

function changedLines({ dagId, tasks, options, edges, params, dag }: Changed): readonly string[] {
  const lines = [
    ...signed("task", tasks),
    ...Object.entries(options).map(([taskId, names]) => `~ task ${taskId}: ${names.join(", ")}`),
    ...signed("edge", edges),
    ...signed("param", params),
    ...params.changed.map((name) => `~ param ${name}`),
    ...(dag.length === 0 ? [] : [`~ ${dag.join(", ")}`]),
  ];
  const details = lines.length === 0 ? ["~ code only"] : lines;
  return [`change  ${dagId}`, ...details.map((line) => `        ${line}`)];
}

const signed = (
  kind: string,
  { added, removed }: { readonly added: readonly string[]; readonly removed: readonly string[] },
): readonly string[] => [
  ...added.map((name) => `+ ${kind} ${name}`),
  ...removed.map((name) => `- ${kind} ${name}`),
];

function scheduleLines(dagId: string, before: Outlook | null, after: Outlook): readonly string[] {
  const now = after.runsNow > 0 ? [`        creates ${counted(after.runsNow, "run")} at once`] : [];
  const was = before === null ? [] : [`        before: ${outlookText(before)}`];
  return [`runs    ${dagId}: ${outlookText(after)}`, ...was, ...now];
}

function outlookText({ schedule, isPaused, nextRunAfter, error }: Outlook): string {
  if (error !== null) return `${schedule}, which cannot run: ${error}`;
  if (isPaused) return `${schedule}, paused`;
  return nextRunAfter === null
    ? `${schedule}, no next run by time`
    : `${schedule}, next at ${timeText(new Date(nextRunAfter))}`;
}

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? "" : "s"}`;
