/**
 * What pages and endpoints show of rows: secrets by value, and params that are secrets by
 * name.
 */
import { expect, test } from "vitest";
import { maskRow } from "../../../runtime/web/read/mask.ts";

const mask = (text: string): string => text.replaceAll("hunter2", "***");

test("a secret is masked at any depth, by its value or by the name it stands under", () => {
  const row = {
    id: 7,
    note: "it is hunter2",
    params: { api_key: "abc", pin: { password: 1234, key: "orders" }, list: [{ token: "t" }] },
    at: new Date(0),
  };
  expect(maskRow(mask, row, [])).toEqual({
    id: 7,
    note: "it is ***",
    params: { api_key: "***", pin: { password: "***", key: "orders" }, list: [{ token: "***" }] },
    at: new Date(0),
  });
});

test("a column of ours is not masked for its name, nor is a secret that is not set", () => {
  expect(maskRow(mask, { token: "a", params: { token: null } }, [])).toEqual({
    token: "a",
    params: { token: null },
  });
});
