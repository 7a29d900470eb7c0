/** Who gets a place: the rule alone, against what it must never do. */

import { describe, expect, it } from "vitest";
import {
  admit,
  type Usage,
  type Waiter,
  type WaitQueue,
  worthLooking,
} from "../../../runtime/engine/limits/admission.ts";
import {
  parseReservations,
  type Reservation,
  reservationsText,
} from "../../../runtime/engine/limits/limits.ts";
import fc from "../../support/fast_check.ts";

const reservation = (name: string, slots = 1, limit: number | null = null): Reservation => ({
  name,
  slots,
  limit,
  perMs: null,
});
const line = (...reservations: Reservation[]): WaitQueue => ({
  text: reservationsText(reservations),
  reservations,
});
const usage = (pools: Record<string, number>, held: Record<string, number> = {}): Usage => ({
  pools: new Map(Object.entries(pools)),
  held: new Map(Object.entries(held)),
});

let last = 0;
const waiter = (of: WaitQueue, weight = 1, logicalDate = 0, mapIndex = -1): Waiter => {
  return { instanceId: ++last, waitQueue: of.text, weight, logicalDate, mapIndex };
};

describe("places go", () => {
  const api = line(reservation("pool:api"));
  it("by weight, then logical date, then map index, and only as many as there are", () => {
    const [late, early, heavy, second] = [
      waiter(api, 1, 9),
      waiter(api, 1, 5, 1),
      waiter(api, 2, 9),
      waiter(api, 1, 5, 0),
    ];
    const order = admit([api], [late, early, heavy, second], usage({ api: 3 }));
    expect(order).toEqual([heavy, second, early].map(({ instanceId }) => instanceId));
  });

  it("to another line when one cannot move, whatever their weights", () => {
    const other = line(reservation("pool:other"));
    const [stuck, free] = [waiter(api, 100), waiter(other, -100)];
    expect(
      admit([api, other], [stuck, free], usage({ api: 1, other: 1 }, { "pool:api": 1 })),
    ).toEqual([free.instanceId]);
  });

  it("to nobody where the pool does not exist, and to all where it has no limit", () => {
    expect(admit([api], [waiter(api)], usage({}))).toEqual([]);
    expect(admit([api], [waiter(api), waiter(api)], usage({ api: -1 }))).toHaveLength(2);
  });

  it("past one that another limit holds up, keeping nothing for it", () => {
    const both = line(reservation("pool:api", 2), reservation("key:k", 1, 1));
    const [held, next] = [waiter(both, 9), waiter(api)];
    expect(admit([both, api], [held, next], usage({ api: 2 }, { "key:k": 1 }))).toEqual([
      next.instanceId,
    ]);
  });

  it("not past one that only its size holds up", () => {
    const large = line(reservation("pool:api", 3));
    const [big, small] = [waiter(large, 9), waiter(api)];
    expect(admit([large, api], [big, small], usage({ api: 3 }, { "pool:api": 1 }))).toEqual([]);
  });
});

describe("in any situation", () => {
  const names = ["pool:a", "pool:b", "key:c", "dag:d"];
  const reservations = fc
    .uniqueArray(
      fc.record({ name: fc.constantFrom(...names), slots: fc.integer({ min: 1, max: 3 }) }),
      {
        ...{ minLength: 1, maxLength: 3 },
        selector: ({ name }) => name,
      },
    )
    .map((chosen) =>
      chosen.map(({ name, slots }) =>
        reservation(
          name,
          name.startsWith("pool:") ? slots : 1,
          name.startsWith("pool:") ? null : 3,
        ),
      ),
    );
  const situation = fc.record({
    lines: fc.uniqueArray(
      reservations.map((of) => line(...of)),
      { minLength: 1, maxLength: 5, selector: ({ text }) => text },
    ),
    crowd: fc.array(fc.record({ of: fc.nat(4), weight: fc.integer({ min: -2, max: 2 }) }), {
      maxLength: 30,
    }),
    pools: fc.record({ a: fc.integer({ min: -1, max: 5 }), b: fc.integer({ min: 0, max: 5 }) }),
    held: fc.record(Object.fromEntries(names.map((name) => [name, fc.nat(4)]))),
  });

  it("no limit is exceeded that was not before, nobody goes twice, and who may go alone is not all left behind", () => {
    fc.assert(
      fc.property(situation, ({ lines, crowd, pools, held }) => {
        const now = usage(pools, held);
        const waiters = crowd.map(({ of, weight }) => waiter(lines[of % lines.length]!, weight));
        const admitted = admit(lines, waiters, now);
        expect(new Set(admitted).size).toBe(admitted.length);
        const taken = new Map(now.held);
        for (const id of admitted) {
          const claimed = parseReservations(
            waiters.find(({ instanceId }) => instanceId === id)!.waitQueue,
          );
          for (const { name, slots } of claimed) taken.set(name, (taken.get(name) ?? 0) + slots);
        }
        for (const name of names) {
          const limit = name.startsWith("pool:") ? pools[name.slice(5) as "a" | "b"] : 3;
          if ((taken.get(name) ?? 0) > (held[name] ?? 0) && limit >= 0)
            expect(taken.get(name)).toBeLessThanOrEqual(limit);
        }
        const first = [...waiters].sort(
          (one, other) => other.weight - one.weight || one.instanceId - other.instanceId,
        )[0];
        if (first && admit(lines, [first], now).length === 1)
          expect(admitted).toContain(first.instanceId);
      }),
    );
  });

  it("a line that is not worth looking at lets nobody go", () => {
    fc.assert(
      fc.property(situation, ({ lines, pools, held }) => {
        const now = usage(pools, held);
        for (const one of lines) {
          const going = admit(
            [one],
            Array.from({ length: 10 }, () => waiter(one)),
            now,
          ).length;
          expect(going).toBeLessThanOrEqual(Math.max(worthLooking(one, now), 0));
        }
      }),
    );
  });
});
