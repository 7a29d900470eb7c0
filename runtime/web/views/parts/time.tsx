/**
 * Times and durations as elements: readable without a script, in UTC. A script may show
 * them in another zone, or count durations up.
 */
import type { VNode } from "preact";
import { durationText } from "../../../words/duration_text.ts";
import { utcText } from "./text.ts";

/** A moment. `ahead` makes the script show the time until then. */
export function Time({
  at,
  ahead = false,
}: {
  readonly at: Date | string | null;
  readonly ahead?: boolean;
}): VNode {
  if (at === null) return <span class="faint">–</span>;
  const date = new Date(at);
  return (
    <time
      datetime={date.toISOString()}
      data-ahead={ahead ? "" : undefined}
      title={`${date.toISOString().slice(0, 19)}Z`}
    >
      {utcText(date)}
    </time>
  );
}

/**
 * How long something took. An unfinished duration counts up in the script; without a
 * script, its start is shown.
 */
export function Took({
  from,
  to,
}: {
  readonly from: Date | string | null;
  readonly to: Date | string | null;
}): VNode {
  if (from === null) return <span class="faint">–</span>;
  const start = new Date(from);
  if (to === null)
    return <span data-since={start.toISOString()}>since {utcText(start).slice(11)}</span>;
  return <span>{durationText(new Date(to).getTime() - start.getTime())}</span>;
}

/** The two cells of a row with a start and perhaps an end. */
export function StartedAndTook({ startedAt, finishedAt }: Timed): VNode {
  return (
    <>
      <td>
        <Time at={startedAt} />
      </td>
      <td class="number">
        <Took from={startedAt} to={finishedAt} />
      </td>
    </>
  );
}

export interface Timed {
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}
