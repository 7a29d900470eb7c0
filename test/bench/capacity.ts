/**
 * The capacity model of docs/scale.md: what a deployment costs its database. `npm run
 * bench -- costs` measures its figures one by one, and `-- hour` compares an hour of a
 * whole deployment with their sum. Pure.
 */
import { type Counts, countsFrom } from "./server_counts.ts";

export interface Load {
  readonly runs: number;
  readonly instances: number;
  /** Seconds that services ran: two of them for an hour are 7,200. */
  readonly serviceSeconds: number;
}

/** What the server counted under a load. */
export interface Counted {
  readonly load: Load;
  readonly counts: Counts;
}

/** What one of each costs. */
export type Costs = { readonly [Unit in keyof Load]: Counts };

/** As docs/scale.md has them. */
export const COSTS: Costs = {
  runs: {
    ...{ transactions: 4.1, walBytes: 4_300, rows: 2.7 },
    ...{ processorSeconds: 0.005, tableBytes: 1_000 },
  },
  instances: {
    ...{ transactions: 2.4, walBytes: 5_900, rows: 17 },
    ...{ processorSeconds: 0.0025, tableBytes: 800 },
  },
  serviceSeconds: {
    ...{ transactions: 9.1, walBytes: 800, rows: 1.2 },
    ...{ processorSeconds: 0.004, tableBytes: 0 },
  },
};

/** What a load costs by the model. */
export function modelled({ runs, instances, serviceSeconds }: Load, costs = COSTS): Counts {
  return countsFrom(
    (name) =>
      runs * costs.runs[name] +
      instances * costs.instances[name] +
      serviceSeconds * costs.serviceSeconds[name],
  );
}

/**
 * The costs that explain three loads: one without runs, one whose runs have few tasks, and
 * one whose runs have many.
 */
export function solved(idle: Counted, few: Counted, many: Counted): Costs {
  const serviceSeconds = countsFrom((name) => idle.counts[name] / idle.load.serviceSeconds);
  /** Of a run with all its tasks. */
  const ofRun = ({ load, counts }: Counted): Counts =>
    countsFrom((name) => (counts[name] - load.serviceSeconds * serviceSeconds[name]) / load.runs);
  const [withFew, withMany] = [ofRun(few), ofRun(many)];
  const more = tasksOf(many) - tasksOf(few);
  const instances = countsFrom((name) => (withMany[name] - withFew[name]) / more);
  const runs = countsFrom((name) => withFew[name] - tasksOf(few) * instances[name]);
  return { runs, instances, serviceSeconds };
}

const tasksOf = ({ load }: Counted): number => load.instances / load.runs;
