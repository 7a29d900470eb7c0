/** What may travel between tasks at run time, and the path to what may not. */

import { DateTime } from "luxon";
import { describe, expect, it } from "vitest";
import { toJson } from "../../sdk/json.ts";
import fc from "../support/fast_check.ts";

class Money {
  amount = 1;
}
const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
};
const cycle: { list: unknown[] } = { list: [] };
cycle.list.push({ back: cycle });

describe("an output", () => {
  it.each([
    ["undefined becomes null", undefined, "null"],
    ["-0 stays -0", { zero: [-0, 0] }, '{"zero":[-0,0]}'],
    ["a property that is undefined is left out", { a: undefined, b: 1 }, '{"b":1}'],
    [
      "an object without a prototype is plain",
      Object.assign(Object.create(null), { a: 1 }),
      '{"a":1}',
    ],
    ["an object that is named twice is no cycle", ((x) => [x, x])({ a: 1 }), '[{"a":1},{"a":1}]'],
    ["a lone surrogate is escaped", "\ud800", '"\\ud800"'],
    ["NUL is escaped", "\0", '"\\u0000"'],
    ["nesting of 200 levels is carried", nested(200), `${"[".repeat(200)}1${"]".repeat(200)}`],
  ])("%s", (_, value, text) => {
    expect(toJson(value)).toBe(text);
  });

  it("keeps a key named __proto__ and pollutes nothing", () => {
    const text = toJson(JSON.parse('{"__proto__":{"polluted":true},"constructor":1}'));
    expect(text).toBe('{"__proto__":{"polluted":true},"constructor":1}');
    expect("polluted" in {}).toBe(false);
  });

  it("comes back as it was, whatever JSON it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(toJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe("a value that JSON cannot carry is named with its path", () => {
  it.each([
    ["a bigint", { a: [1, 2n] }, "output.a[1]", "a bigint"],
    ["a function", { f: () => 1 }, "output.f", "a function"],
    ["a toJSON of its own", { toJSON: () => 1 }, "output.toJSON", "a function"],
    ["a symbol", [Symbol("x")], "output[0]", "a symbol"],
    ["NaN", { rate: Number.NaN }, "output.rate", "NaN"],
    ["infinity", -Infinity, "output", "-Infinity"],
    ["a Date", { at: new Date(0) }, "output.at", "an instance of Date"],
    ["a DateTime", { at: DateTime.now() }, "output.at", "an instance of DateTime"],
    ["a Map", new Map(), "output", "an instance of Map"],
    ["a Set", [[new Set()]], "output[0][0]", "an instance of Set"],
    ["a Buffer", { body: Buffer.from("x") }, "output.body", "an instance of Buffer"],
    ["an Error", { error: new Error("x") }, "output.error", "an instance of Error"],
    ["a Promise", { later: Promise.resolve(1) }, "output.later", "an instance of Promise"],
    ["an instance of a class", { price: new Money() }, "output.price", "an instance of Money"],
    ["a boxed number", [Object(1)], "output[0]", "an instance of Number"],
    ["a cycle", cycle, "output.list[0].back", "a cycle"],
    ["nesting too deep", nested(201), `output${"[0]".repeat(200)}`, "nesting deeper than 200"],
  ])("%s", (_, value, path, found) => {
    const message = expect.stringMatching(
      new RegExp(`at ${path.replaceAll(/[[\].]/g, "\\$&")} is ${found}`),
    );
    expect(() => toJson(value)).toThrow(
      expect.objectContaining({ code: "OUTPUT_NOT_JSON", message }),
    );
  });
});

describe("the size of an output", () => {
  it("is counted in bytes, up to and including the limit", () => {
    expect(toJson("é".repeat(4), 10)).toHaveLength(6);
    expect(() => toJson("é".repeat(4), 9)).toThrow(/is 10 bytes of JSON, over the limit of 9/);
  });

  it("may be used up by a list, a text or keys", () => {
    for (const value of [new Array(20).fill(1), "x".repeat(20), { ["k".repeat(20)]: 1 }]) {
      expect(() => toJson(value, 16)).toThrow(
        expect.objectContaining({ code: "OUTPUT_TOO_LARGE" }),
      );
    }
  });

  it("of a small value that names itself a thousand million times is refused before it is written", () => {
    let value: unknown = "x";
    for (let level = 0; level < 9; level++) value = new Array(10).fill(value);
    for (let level = 0; level < 3; level++) value = { a: value, b: value, c: value };
    expect(() => toJson(value)).toThrow(expect.objectContaining({ code: "OUTPUT_TOO_LARGE" }));
  });

  it("does not count what is left out", () => {
    expect(toJson({ a: undefined, b: undefined }, 2)).toBe("{}");
  });

  it("of a large list within the limit is no burden", () => {
    expect(toJson(new Array(2_000_000).fill(1))).toHaveLength(4_000_001);
  });
});
