/** The head of a DAG's pages: what it is, when it runs next, its actions and its tabs. */

import type { ComponentChildren, VNode } from "preact";
import type { DagDetail } from "../../../store/reads/dags.ts";
import { schedulesText } from "../../../timetable/schedule_text.ts";
import { Fact } from "../parts/fact.tsx";
import { PauseSwitch } from "../parts/form.tsx";
import { Id } from "../parts/id.tsx";
import { Time } from "../parts/time.tsx";
import { MessageSource } from "./message_source.tsx";

const TABS = [
  { name: "grid", label: "Grid", path: "" },
  { name: "graph", label: "Graph", path: "/graph" },
  { name: "runs", label: "Runs", path: "/runs" },
  { name: "tasks", label: "Tasks", path: "/tasks" },
  { name: "calendar", label: "Calendar", path: "/calendar" },
  { name: "decisions", label: "Decisions", path: "/decisions" },
  { name: "backfills", label: "Backfills", path: "/backfills" },
  { name: "state", label: "State", path: "/state" },
  { name: "code", label: "Code", path: "/code" },
  { name: "docs", label: "Docs", path: "/docs" },
  { name: "audit", label: "Audit", path: "/audit" },
  { name: "settings", label: "Settings", path: "/settings" },
] as const;

export type DagTab = (typeof TABS)[number]["name"] | "trigger";

export interface DagPageProps {
  readonly dag: DagDetail;
  readonly tab: DagTab;
  readonly token: string | undefined;
  /** Whether the reader may see values of tasks, as the State tab shows them. */
  readonly seesValues: boolean;
  readonly children: ComponentChildren;
}

export function DagPage({ dag, tab, token, seesValues, children }: DagPageProps): VNode {
  const { dagId, spec } = dag;
  return (
    <>
      <nav class="crumbs" aria-label="Breadcrumb">
        <a href="/">DAGs</a>
      </nav>
      <div class="title" id="dag-head" data-live>
        <h1>
          <Id text={dagId} />
        </h1>
        {dag.removedAt === null && (
          <PauseSwitch dagId={dagId} isPaused={dag.isPaused} token={token} />
        )}
        <span class="grow" />
        {token !== undefined && dag.removedAt === null && (
          <a class="button primary" href={`/dags/${dagId}/trigger`}>
            Trigger
          </a>
        )}
      </div>
      {spec.description !== null && <p class="doc">{spec.description}</p>}
      <Facts dag={dag} />
      <nav class="tabs" aria-label="Views">
        {TABS.filter(({ name }) => name !== "state" || seesValues).map(({ name, label, path }) => (
          <a href={`/dags/${dagId}${path}`} aria-current={name === tab ? "page" : undefined}>
            {label}
          </a>
        ))}
      </nav>
      {children}
    </>
  );
}

function Facts({ dag }: { readonly dag: DagDetail }): VNode {
  const { spec } = dag;
  return (
    <dl class="facts" id="dag-facts" data-live>
      {dag.removedAt !== null && (
        <Fact name="Removed">its file no longer declares it; its runs stay</Fact>
      )}
      <Fact name="Schedule">
        <code>{schedulesText(spec.schedules, spec.assets, spec.on)}</code>
      </Fact>
      {spec.on.map(
        (event) => event.type === "postgresChanges" && <Subscription dag={dag} name={event.name} />,
      )}
      {spec.on.map(
        (event) => event.type === "messages" && <MessageSource dag={dag} name={event.name} />,
      )}
      <Fact name="Next run">
        <NextRuns dag={dag} />
      </Fact>
      <Fact name="Version">
        {dag.version}, deployed <Time at={dag.deployedAt} />
      </Fact>
      <Fact name="File">
        <code>{dag.file}</code>
      </Fact>
      <Fact name="Tasks">{spec.tasks.length}</Fact>
      {spec.tags.length > 0 && (
        <Fact name="Tags">
          {spec.tags.map((tag) => (
            <a class="tag" href={`/?tag=${encodeURIComponent(tag)}`}>
              {tag}
            </a>
          ))}
        </Fact>
      )}
      {dag.pauseReason !== null && (
        <Fact name="Paused because">
          <span class="bad">{dag.pauseReason}</span>
        </Fact>
      )}
      {dag.scheduleError !== null && (
        <Fact name="Schedule stopped">
          <span class="bad">{dag.scheduleError}</span>
        </Fact>
      )}
    </dl>
  );
}

/** Whether the row changes of a source are delivered. */
function Subscription({
  dag,
  name,
}: {
  readonly dag: DagDetail;
  readonly name: string;
}): VNode | null {
  const subscription = dag.subscriptions.find((one) => one.name === name);
  if (subscription?.installedAt && subscription.error === null) return null;
  return (
    <Fact name={`Changes of ${name}`}>
      <span class="bad">
        {subscription?.error ??
          `not delivered until its trigger is installed: dag changes install ${dag.dagId}`}
      </span>
    </Fact>
  );
}

/** When each schedule is due, and which assets and events it waits for. */
function NextRuns({
  dag: { isPaused, atCapacity, nextRunAfter, nextRuns },
}: {
  readonly dag: DagDetail;
}): VNode {
  if (isPaused) return <>paused</>;
  const full = atCapacity
    ? " · waits: the DAG has as many active runs as maxActiveRuns allows"
    : "";
  const [only] = nextRuns;
  if (nextRuns.length < 2)
    return (
      <>
        <Time at={only ? only.runAfter : nextRunAfter} ahead />
        {full}
      </>
    );
  return (
    <>
      {nextRuns.map(({ schedule, runAfter }, index) => (
        <>
          {index > 0 && ", "}
          {schedule}: <Time at={runAfter} ahead />
        </>
      ))}
      {full}
    </>
  );
}
