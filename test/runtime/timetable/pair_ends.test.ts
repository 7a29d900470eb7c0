/** Which ends of runs come together to a run. */

import { describe, expect, it } from "vitest";
import { pairEnds, type WaitingEnd } from "../../../runtime/timetable/sources/pair_ends.ts";
import fc from "../../support/fast_check.ts";

const MINUTE = 60_000;
let id = 0;
const end = (dagId: string, minute: number, state = "success"): WaitingEnd => {
  id += 1;
  return { id, dagId, state, at: new Date(minute * MINUTE) };
};
const success = ["success"];
const both = {
  runs: [
    { dagId: "a", states: success },
    { dagId: "b", states: success },
  ],
  withinMs: 10 * MINUTE,
};
const shape = (ends: readonly WaitingEnd[]) => {
  const { runs, waiting } = pairEnds(both, ends);
  const name = (one: WaitingEnd): string => `${one.dagId}${one.at.getTime() / MINUTE}`;
  return { runs: runs.map((run) => run.map(name)), waiting: waiting.map(name) };
};

describe("ends of several DAGs", () => {
  it("come together one by one, the oldest first", () => {
    expect(shape([end("a", 0), end("a", 1), end("b", 2)])).toEqual({
      runs: [["a0", "b2"]],
      waiting: ["a1"],
    });
  });

  it("wait for their partners, and are dropped once none can come in time", () => {
    expect(shape([end("a", 0)])).toEqual({ runs: [], waiting: ["a0"] });
    expect(shape([end("a", 0), end("a", 11)])).toEqual({ runs: [], waiting: ["a11"] });
    expect(shape([end("a", 0), end("b", 11)])).toEqual({ runs: [], waiting: ["b11"] });
  });

  it("pass over an end that is too old for its partner, and take the next", () => {
    expect(shape([end("a", 0), end("a", 5), end("b", 11)])).toEqual({
      runs: [["a5", "b11"]],
      waiting: [],
    });
  });

  it("count in the states that are waited for only", () => {
    expect(shape([end("a", 0, "failed"), end("b", 1)])).toEqual({ runs: [], waiting: ["b1"] });
  });

  it("make the same runs whether they are looked at one by one or together", () => {
    const ends = fc.array(
      fc.record({ dagId: fc.constantFrom("a", "b"), after: fc.integer({ min: 0, max: 8 }) }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(ends, (drawn) => {
        let minute = 0;
        const all = drawn.map(({ dagId, after }) => {
          minute += after;
          return end(dagId, minute);
        });
        const together = pairEnds(both, all).runs;
        let waiting: readonly WaitingEnd[] = [];
        const oneByOne = all.flatMap((one) => {
          const pairing = pairEnds(both, [...waiting, one]);
          waiting = pairing.waiting.toSorted((x, y) => x.id - y.id);
          return pairing.runs;
        });
        expect(oneByOne).toEqual(together);
      }),
    );
  });
});

it("each end of a single DAG makes a run, however long it waited", () => {
  const one = { runs: [{ dagId: "a", states: ["success", "failed"] }], withinMs: MINUTE };
  const ends = [end("a", 0), end("a", 90, "failed"), end("c", 91)];
  expect(pairEnds(one, ends)).toEqual({ runs: [[ends[0]], [ends[1]]], waiting: [] });
});
