/** One instance in short, with the ways to its log and its actions. */

import type { VNode } from "preact";
import { errorTitle } from "../../../../sdk/error_message.ts";
import type { PanelView } from "../../read/read_panel.ts";
import { Fact } from "../parts/fact.tsx";
import { Id } from "../parts/id.tsx";
import { RunTitle } from "../parts/run_title.tsx";
import { State } from "../parts/state.tsx";
import { Time, Took } from "../parts/time.tsx";

export interface PanelProps extends PanelView {
  /** Whether the reader may clear the instance. */
  readonly mayClear: boolean;
}

export function Panel({ run, instance, mayClear }: PanelProps): VNode {
  const { taskId, mapIndex, state, tryNumber, startedAt, finishedAt, reason, error } = instance;
  const isMapped = mapIndex >= 0;
  const address = `/runs/${run.id}/tasks/${taskId}${isMapped ? `/${mapIndex}` : ""}`;
  const item = isMapped ? `&mapIndex=${mapIndex}` : "";
  return (
    <div id="panel" class="panel">
      <h2>
        <Id text={isMapped ? `${taskId} [${mapIndex}]` : taskId} />
      </h2>
      <p>
        <State state={state} />
      </p>
      {reason !== null && <p>{reason}</p>}
      {error !== null && <p class="bad">{errorTitle(error).split("\n")[0]}</p>}
      <dl class="facts">
        <Fact name="Run">
          <a href={`/runs/${run.id}`}>
            <RunTitle run={run} />
          </a>
        </Fact>
        <Fact name="Started">
          <Time at={startedAt} />
        </Fact>
        <Fact name="Duration">
          <Took from={startedAt} to={finishedAt} />
        </Fact>
        <Fact name="Try">{tryNumber}</Fact>
      </dl>
      <p class="actions">
        <a class="button" href={`${address}#log`}>
          Open, with its log
        </a>
        {mayClear && (
          <a class="button" href={`/runs/${run.id}/clear?taskId=${taskId}&downstream=on${item}`}>
            Clear…
          </a>
        )}
      </p>
    </div>
  );
}
