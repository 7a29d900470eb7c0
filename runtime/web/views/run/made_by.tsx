/** What created a run, in a few words: the updates, row changes, call or runs. */
import type { VNode } from "preact";
import type { RunTrigger } from "../../../../sdk/sources/trigger.ts";

/** Most assets that are named. */
const NAMED = 5;

export function MadeBy({ trigger }: { readonly trigger: RunTrigger }): VNode {
  switch (trigger.type) {
    case "assets":
      return <Updates trigger={trigger} />;
    case "postgresChanges":
      return <>{`${counted(trigger.events.length, "change", "changes")} of ${trigger.name}`}</>;
    case "webhook":
      return <>{`a call of webhook ${trigger.name}`}</>;
    case "dagRun":
      return (
        <>
          {trigger.events.map(({ dagId, runId, state }) => (
            <div>
              {`${state} of `}
              <a href={`/dags/${dagId}/runs`}>{dagId}</a> <span class="faint">{runId}</span>
            </div>
          ))}
        </>
      );
  }
}

function Updates({
  trigger,
}: {
  readonly trigger: Extract<RunTrigger, { type: "assets" }>;
}): VNode {
  const uris = [...new Set(trigger.events.map(({ uri }) => uri))];
  return (
    <>
      {`${counted(trigger.count, "update", "updates")} of `}
      {uris.slice(0, NAMED).map((uri) => (
        <div>
          <a href={`/data/events?uri=${encodeURIComponent(uri)}`}>{uri}</a>
        </div>
      ))}
      {uris.length > NAMED && `and ${uris.length - NAMED} more`}
    </>
  );
}

function counted(count: number, one: string, many: string): string {
  return count === 1 ? `1 ${one}` : `${count} ${many}`;
}
