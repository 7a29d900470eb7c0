/** What created a run, in a few words: the updates, row changes, call or runs. */
import type { VNode } from "preact";
import type { RunTrigger } from "../../../../sdk/sources/trigger.ts";
import type { CallingTask } from "../../../store/reads/calls.ts";
import { Id } from "../parts/id.tsx";

/** Most assets that are named. */
const NAMED = 5;

export interface MadeByProps {
  readonly trigger: RunTrigger;
  /** The task that called the run, when it is still there. */
  readonly caller: CallingTask | null;
  /** Whether the reader may open the pages of assets. */
  readonly linksAssets: boolean;
}

export function MadeBy({ trigger, caller, linksAssets }: MadeByProps): VNode {
  switch (trigger.type) {
    case "assets":
      return <Updates trigger={trigger} linksAssets={linksAssets} />;
    case "postgresChanges":
      return <>{`${counted(trigger.events.length, "change", "changes")} of ${trigger.name}`}</>;
    case "messages":
      return <>{`${counted(trigger.events.length, "message", "messages")} of ${trigger.name}`}</>;
    case "webhook":
      return <>{`a call of webhook ${trigger.name}`}</>;
    case "call":
      return <Call trigger={trigger} caller={caller} />;
    case "dagRun":
      // Empty when the reader may see none of their DAGs.
      if (trigger.events.length === 0) return <>runs of other DAGs</>;
      return (
        <>
          {trigger.events.map(({ dagId, runId, state }) => (
            <div>
              {`${state} of `}
              <a href={`/dags/${dagId}/runs`}>
                <Id text={dagId} />
              </a>{" "}
              <span class="faint">
                <Id text={runId} />
              </span>
            </div>
          ))}
        </>
      );
  }
}

function Call({
  trigger: { dagId, runId, taskId, mapIndex },
  caller,
}: {
  readonly trigger: Extract<RunTrigger, { type: "call" }>;
  readonly caller: CallingTask | null;
}): VNode {
  const task = `${taskId}${mapIndex < 0 ? "" : `[${mapIndex}]`}`;
  const path = `/runs/${caller?.run}/tasks/${taskId}${mapIndex < 0 ? "" : `/${mapIndex}`}`;
  return (
    <>
      {"task "}
      {caller ? (
        <a href={path}>
          <Id text={task} />
        </a>
      ) : (
        <Id text={task} />
      )}
      {" of "}
      <Id text={dagId} />{" "}
      <span class="faint">
        <Id text={runId} />
      </span>
    </>
  );
}

function Updates({
  trigger,
  linksAssets,
}: {
  readonly trigger: Extract<RunTrigger, { type: "assets" }>;
  readonly linksAssets: boolean;
}): VNode {
  const uris = [...new Set(trigger.events.map(({ uri }) => uri))];
  return (
    <>
      {`${counted(trigger.count, "update", "updates")} of `}
      {uris.slice(0, NAMED).map((uri) => (
        <div>
          {linksAssets ? (
            <a href={`/data/events?uri=${encodeURIComponent(uri)}`}>
              <Id text={uri} />
            </a>
          ) : (
            <Id text={uri} />
          )}
        </div>
      ))}
      {uris.length > NAMED && `and ${uris.length - NAMED} more`}
    </>
  );
}

function counted(count: number, one: string, many: string): string {
  return count === 1 ? `1 ${one}` : `${count} ${many}`;
}
