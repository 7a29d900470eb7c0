/** What backends of object stores share. */
import {
  abortable,
  eachAtOnce,
  inKeyOrder,
  isLastingStatus,
  partsOf,
  readBody,
} from "dagsmith/plugins/object_backend";
import { isTlsCode } from "dagsmith/plugins/tls";
import { describe, expect, test } from "vitest";

async function* stream(...pieces: readonly string[]) {
  for (const piece of pieces) yield Buffer.from(piece);
}

const never = new AbortController().signal;

const partsIn = async (...pieces: readonly string[]) => {
  const found: (readonly [number, string, boolean])[] = [];
  for await (const { from, bytes, isLast } of partsOf(stream(...pieces), 4, never))
    found.push([from, bytes.toString(), isLast]);
  return found;
};

test("a stream is cut into parts of one size, however its pieces are cut", async () => {
  const parts = [
    [0, "abcd", false],
    [4, "efgh", false],
    [8, "ij", true],
  ];
  expect(await partsIn("abcdefghij")).toEqual(parts);
  expect(await partsIn("a", "bcdef", "ghij")).toEqual(parts);
});

test("the last part may be whole, and that of an empty stream is empty", async () => {
  expect(await partsIn("abcd")).toEqual([[0, "abcd", true]]);
  expect(await partsIn()).toEqual([[0, "", true]]);
});

test("a source that gives nothing ends with the signal", async () => {
  const abort = new AbortController();
  const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
  const read = (async () => {
    for await (const _ of abortable(silent, abort.signal));
  })();
  abort.abort(new Error("the try has ended"));
  await expect(read).rejects.toThrow();
});

test("objects and folders are in the order of the bytes of their keys", () => {
  const keys = ["b", "a/", "\u{1f389}", "\uff5e", "a"];
  const sorted = inKeyOrder(keys.map((key) => (key === "a/" ? { prefix: key } : { key })));
  expect(sorted.map((entry) => ("key" in entry ? entry.key : entry.prefix))).toEqual([
    ...["a", "a/", "b", "\uff5e", "\u{1f389}"],
  ]);
});

test("all items are worked on, and never more of them at the same time than allowed", async () => {
  const done: number[] = [];
  let [now, most] = [0, 0];
  await eachAtOnce([0, 1, 2, 3, 4, 5, 6], 3, async (item) => {
    now += 1;
    most = Math.max(most, now);
    await new Promise(setImmediate);
    now -= 1;
    done.push(item);
  });
  expect(done.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(most).toBe(3);
});

test("after a failure no work begins, those under way are aborted, and the source is closed", async () => {
  const begun: number[] = [];
  let [isAborted, isClosed] = [false, false];
  const items = (function* () {
    try {
      for (let item = 0; ; item++) yield item;
    } finally {
      isClosed = true;
    }
  })();
  const ended = eachAtOnce(items, 2, async (item, signal) => {
    begun.push(item);
    if (item === 1) throw new Error("refused");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    isAborted = true;
  });
  await expect(ended).rejects.toThrow("refused");
  expect([begun, isAborted, isClosed]).toEqual([[0, 1], true, true]);
});

test("a refusal lasts, and a busy service or a broken connection passes", () => {
  expect([400, 401, 403, 404, 409, 413].every(isLastingStatus)).toBe(true);
  expect([408, 429, 500, 503].some(isLastingStatus)).toBe(false);
  expect(["CERT_HAS_EXPIRED", "SELF_SIGNED_CERT_IN_CHAIN", "EPROTO"].every(isTlsCode)).toBe(true);
  expect(["ECONNRESET", undefined].some(isTlsCode)).toBe(false);
});

describe("a body that breaks off", () => {
  const FROM = { place: "Store get a", host: "store:9000" };
  /** Requests whose first bodies break off. */
  const breaking = (times: number, beforeIt = () => {}) => {
    let requests = 0;
    const request = async () => {
      const isBroken = ++requests <= times;
      return (async function* () {
        yield Buffer.from("whole");
        beforeIt();
        if (isBroken) throw new Error("aborted");
      })();
    };
    return { request, requests: () => requests };
  };
  const { signal } = new AbortController();

  test("is requested again, and read once", async () => {
    const { request, requests } = breaking(2);
    expect(Buffer.from(await readBody({ ...FROM, signal }, request)).toString()).toBe("whole");
    expect(requests()).toBe(3);
  });

  test("in each attempt is an error with its place", async () => {
    await expect(readBody({ ...FROM, signal }, breaking(3).request)).rejects.toThrow(
      "Store get a: no answer from store:9000: the content broke off in each of 3 attempts",
    );
  });

  test("is not requested again after a cancel, and no refusal is repeated", async () => {
    const controller = new AbortController();
    const { request, requests } = breaking(3, () => controller.abort(new Error("cancelled")));
    const from = { ...FROM, signal: controller.signal };
    await expect(readBody(from, request)).rejects.toThrow("cancelled");
    expect(requests()).toBe(1);
    const refused = () => Promise.reject(new Error("refused"));
    await expect(readBody({ ...FROM, signal }, refused)).rejects.toThrow(/^refused$/);
  });
});
