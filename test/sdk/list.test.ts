/** The list operations that JavaScript lacks. */
import { expect, it } from "vitest";
import { listOf, partition } from "../../sdk/list.ts";

it("splits a list by a test, each part in the order of the list", () => {
  expect(partition([3, 1, 4, 1, 5], (n) => n > 2)).toEqual([
    [3, 4, 5],
    [1, 1],
  ]);
  expect(partition([], () => true)).toEqual([[], []]);
});

it("makes a list of one value and keeps a list", () => {
  expect(listOf("a")).toEqual(["a"]);
  expect(listOf(["a", "b"])).toEqual(["a", "b"]);
  expect(listOf([])).toEqual([]);
});
