/**
 * The priority of a task: its own weight and, by its weight rule, the weights of all
 * tasks after or before it, each counted once. Airflow's rules; the sum stays within 32
 * bits. Pure.
 */
import type { WeightRule } from "../../sdk/spec/index.ts";

export interface WeightedTask {
  readonly taskId: string;
  readonly upstream: readonly string[];
  readonly priorityWeight: number;
  readonly weightRule: WeightRule;
}

const MOST = 2_147_483_647;
const LEAST = -2_147_483_648;

/** The weight of each task. `tasks` in topological order. */
export function effectiveWeights(tasks: readonly WeightedTask[]): ReadonlyMap<string, number> {
  const place = new Map(tasks.map(({ taskId }, index) => [taskId, index]));
  const upstream = tasks.map((task) => task.upstream.flatMap((id) => place.get(id) ?? []));
  const downstream = tasks.map((): number[] => []);
  for (const [after, before] of upstream.entries())
    for (const index of before) downstream[index]?.push(after);
  const own = tasks.map(({ priorityWeight }) => priorityWeight);
  const reach = {
    downstream: sumsOf(own, downstream, "last first"),
    upstream: sumsOf(own, upstream, "first first"),
  };
  return new Map(
    tasks.map(({ taskId, priorityWeight, weightRule }, index) => [
      taskId,
      within(
        weightRule === "absolute"
          ? priorityWeight
          : priorityWeight + (reach[weightRule][index] ?? 0),
      ),
    ]),
  );
}

/**
 * For each task the sum over all tasks that `next` leads to. The set of these tasks is a
 * row of bits, made only where a task follows: thousands of parallel tasks cost nothing,
 * thousands in a chain a few megabytes.
 */
function sumsOf(
  own: readonly number[],
  next: readonly (readonly number[])[],
  order: "first first" | "last first",
): readonly number[] {
  const reached: (Uint32Array | undefined)[] = [];
  const sums = own.map(() => 0);
  const walk = order === "first first" ? [...own.keys()] : [...own.keys()].reverse();
  for (const index of walk) {
    const following = next[index] ?? [];
    if (following.length === 0) continue;
    const bits = new Uint32Array(Math.ceil(own.length / 32));
    for (const other of following) {
      bits[other >>> 5] = (bits[other >>> 5] ?? 0) | (1 << (other & 31));
      const beyond = reached[other];
      if (beyond)
        for (const [word, value] of beyond.entries()) bits[word] = (bits[word] ?? 0) | value;
    }
    reached[index] = bits;
    const [only] = following;
    // With a single next task, the sum of that task is known already: a long chain counts
    // nothing.
    sums[index] =
      following.length === 1 && only !== undefined
        ? (own[only] ?? 0) + (sums[only] ?? 0)
        : sumOf(own, bits);
  }
  return sums;
}

function sumOf(own: readonly number[], bits: Uint32Array): number {
  let sum = 0;
  for (const [word, value] of bits.entries()) {
    for (let left = value; left !== 0; left &= left - 1)
      sum += own[word * 32 + (31 - Math.clz32(left & -left))] ?? 0;
  }
  return sum;
}

function within(weight: number): number {
  return Math.max(LEAST, Math.min(MOST, weight));
}
