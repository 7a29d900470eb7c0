/**
 * Which ends of other DAGs' runs together make a run. Pure and without a clock: the same
 * ends in the same order always make the same runs.
 */

/** The end of a run that waits for its partners. */
export interface WaitingEnd {
  readonly id: number;
  readonly dagId: string;
  readonly state: string;
  readonly at: Date;
}

export interface EndsCondition {
  readonly runs: readonly { readonly dagId: string; readonly states: readonly string[] }[];
  readonly withinMs: number;
  /** Of a source that listens to any DAG: each end in these states makes a run. */
  readonly any?: { readonly states: readonly string[] };
}

export interface Pairing<End> {
  /** For each new run, one end of each DAG that the source names. */
  readonly runs: readonly (readonly End[])[];
  /** Ends whose partners may still arrive. */
  readonly waiting: readonly End[];
}

/**
 * Takes the oldest end of each DAG, again and again, while each DAG has one. When ends
 * lie further apart than allowed, the oldest is dropped: later ends are even further
 * away.
 * @param ends oldest first
 */
export function pairEnds<End extends WaitingEnd>(
  { runs: wanted, withinMs, any }: EndsCondition,
  ends: readonly End[],
): Pairing<End> {
  if (any) {
    const heard = ends.filter(({ state }) => any.states.includes(state));
    return { runs: heard.map((end) => [end]), waiting: [] };
  }
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
