/** Whatever user code adds to or replaces in JavaScript's own objects is noticed. */
import { afterAll, expect, onTestFinished, test } from "vitest";
import { intrinsicsNow } from "../../../runtime/child/left_overs/intrinsics.ts";
import { watchDefinitions } from "../../../runtime/child/left_overs/watched_definitions.ts";

const definitions = watchDefinitions();
afterAll(() => definitions.stop());

const added = { value: 1, configurable: true };

function define(object: object, name: string, descriptor: PropertyDescriptor): void {
  const before = Object.getOwnPropertyDescriptor(object, name);
  onTestFinished(() => {
    if (before) Object.defineProperty(object, name, before);
    else Reflect.deleteProperty(object, name);
  });
  Object.defineProperty(object, name, descriptor);
}

test("what nothing changed is not reported", () => {
  const { changed } = intrinsicsNow(definitions);
  expect(changed()).toBeUndefined();
});

test.each([
  ["that is listed", { ...added, enumerable: true }],
  ["that is not listed", { ...added, enumerable: false }],
  ["that is computed", { get: () => 1, configurable: true }],
])("a new global variable %s is reported", (_, descriptor) => {
  const { changed } = intrinsicsNow(definitions);
  define(globalThis, "poison", descriptor);
  expect(changed()).toBe("a property of globalThis");
});

test.each([
  ["Object.prototype", Object.prototype],
  ["Array.prototype", Array.prototype],
  ["String.prototype", String.prototype],
  ["Promise.prototype", Promise.prototype],
])("a new property of %s is reported", (name, object) => {
  const { changed } = intrinsicsNow(definitions);
  define(object, "poison", { ...added, enumerable: false });
  expect(changed()).toBe(`a property of ${name}`);
});

test.each([
  ["JSON.stringify", JSON, "stringify"],
  ["Date.now", Date, "now"],
  ["globalThis.fetch", globalThis, "fetch"],
  ["console.log", console, "log"],
  ["process.exit", process, "exit"],
])("a replaced %s is reported", (name, object, key) => {
  const { changed } = intrinsicsNow(definitions);
  define(object, key, { value: () => undefined, configurable: true, writable: true });
  expect(changed()).toBe(name);
});

test.each([
  [
    "Object.defineProperties",
    (name: string) => Object.defineProperties(globalThis, { [name]: { ...added } }),
  ],
  [
    "Reflect.defineProperty",
    (name: string) => Reflect.defineProperty(globalThis, name, { ...added }),
  ],
])("a global variable that %s hides is reported", (_, hide) => {
  const { changed } = intrinsicsNow(definitions);
  onTestFinished(() => void Reflect.deleteProperty(globalThis, "hidden"));
  hide("hidden");
  expect(changed()).toBe("a property of globalThis");
});

test("a property of any other object is not reported", () => {
  const { changed } = intrinsicsNow(definitions);
  expect(Object.defineProperty({}, "own", { value: 1 })).toHaveProperty("own", 1);
  expect(changed()).toBeUndefined();
});

test("the functions that are watched look as before", () => {
  expect(Object.defineProperty.name).toBe("defineProperty");
  expect(Object.defineProperty.length).toBe(3);
  expect(() => Object.defineProperty(1 as never, "x", {})).toThrow(TypeError);
});
