/** Whatever user code adds to or replaces in JavaScript's own objects is noticed. */
import { expect, onTestFinished, test } from "vitest";
import { intrinsicsNow } from "../../../runtime/child/left_overs/intrinsics.ts";

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
  const { changed } = intrinsicsNow();
  expect(changed()).toBeUndefined();
});

test.each([
  ["that is listed", { ...added, enumerable: true }],
  ["that is not listed", { ...added, enumerable: false }],
  ["that is computed", { get: () => 1, configurable: true }],
])("a new global variable %s is reported", (_, descriptor) => {
  const { changed } = intrinsicsNow();
  define(globalThis, "poison", descriptor);
  expect(changed()).toBe("a property of globalThis");
});

test.each([
  ["Object.prototype", Object.prototype],
  ["Array.prototype", Array.prototype],
  ["String.prototype", String.prototype],
  ["Promise.prototype", Promise.prototype],
])("a new property of %s is reported", (name, object) => {
  const { changed } = intrinsicsNow();
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
  const { changed } = intrinsicsNow();
  define(object, key, { value: () => undefined, configurable: true, writable: true });
  expect(changed()).toBe(name);
});
