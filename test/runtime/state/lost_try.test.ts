/** What follows a try that was lost with its worker. */
import { describe, expect, test } from "vitest";
import { afterLoss, MAX_LOST_TRIES, NO_DEATH } from "../../../runtime/state/lost_try.ts";

const DIED = "the worker died (host, process 7)";

describe("after a death", () => {
  test("the next try begins at once, and after each further death twice as long after", () => {
    const pauses = Array.from({ length: MAX_LOST_TRIES }, (_, lostTries) =>
      afterLoss(DIED, { lostTries }),
    );
    expect(pauses).toEqual([0, 2_000, 4_000, 8_000, 16_000].map((inMs) => ({ again: true, inMs })));
  });

  test("the task fails when it was the sixth", () => {
    expect(afterLoss(DIED, { lostTries: MAX_LOST_TRIES })).toEqual({ again: false });
  });

  test("tries that no death ended do not count", () => {
    const lost = { lostTries: 40 + MAX_LOST_TRIES, sparedTries: 41 };
    expect(afterLoss(DIED, lost)).toEqual({ again: true, inMs: 16_000 });
  });
});

test.each(NO_DEATH)('after "%s" another try always begins at once', (reason) => {
  expect(afterLoss(reason, { lostTries: 1_000 })).toEqual({ again: true, inMs: 0 });
});
