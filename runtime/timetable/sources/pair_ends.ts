/** Which ends of other DAGs' runs come together to a run. Pure, and without a clock: the same ends in the same order always give the same runs. */

/** An end that waits. */
export interface WaitingEnd {
  readonly id: number;
  readonly dagId: string;
  readonly state: string;
  readonly at: Date;
}

export interface EndsCondition {
  readonly runs: readonly { readonly dagId: string; readonly states: readonly string[] }[];
  readonly withinMs: number;
}

export interface Pairing<End> {
  /** For each run that is to be made, one end of each DAG that is waited for. */
  readonly runs: readonly (readonly End[])[];
  /** Ends whose partners may still come. */
  readonly waiting: readonly End[];
}

/**
 * Takes the oldest end of each DAG, again and again, as long as there is one of each. Of ends that lie further apart than allowed the oldest is
 * dropped: what comes later lies further still.
 * @param ends oldest first
 */
export function pairEnds<End extends WaitingEnd>(
  { runs: wanted, withinMs }: EndsCondition,
  ends: readonly End[],
): Pairing<End> {
  const queues = wanted.map(({ dagId, states }) =>
    ends.filter((end) => end.dagId === dagId && states.includes(end.state)),
  );
  const latest = Math.max(...ends.map(({ at }) => at.getTime()));
  const runs: (readonly End[])[] = [];
  for (;;) {
    const first = queues.flatMap(([end]) => end ?? []);
    if (first.length < queues.length) break;
    const times = first.map(({ at }) => at.getTime());
    const oldest = Math.min(...times);
    if (Math.max(...times) - oldest <= withinMs) {
      runs.push(first);
      for (const queue of queues) queue.shift();
    } else queues.find(([end]) => end?.at.getTime() === oldest)?.shift();
  }
  return { runs, waiting: queues.flat().filter(({ at }) => latest - at.getTime() <= withinMs) };
}
