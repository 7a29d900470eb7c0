/**
 * What holds for every object store, as one list of cases that runs over each of them:
 * folders in `npm test`, the others in `npm run test:services`.
 */
import { createHash } from "node:crypto";
import type { FileContent } from "dagsmith";
import {
  type ObjectStore,
  type ObjectStoreRef,
  objectSensor,
  objectStore,
  transfer,
} from "dagsmith/plugins/objects";
import { runTask } from "dagsmith/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MemoryMark } from "./memory.ts";
import { type SilentProxy, silentProxy } from "./silent_proxy.ts";

type Connections = NonNullable<Parameters<typeof runTask>[1]>["connections"];

/** A store for the contract, with a bucket that exists. */
export interface ContractStore {
  /** The URL of an empty place below a bucket or a folder that exists. */
  readonly below: (prefix: string) => string;
  /** The same for one that does not exist. */
  readonly missingUrl: string;
  readonly connections: Connections;
  /** Its server, and connections to it by another address; null without one. */
  readonly server: {
    readonly url: string;
    readonly connectionsAt: (url: string) => Connections;
  } | null;
  /** How many uploads have begun and not ended; files that are not complete. */
  readonly unfinished: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

export interface ContractLimits {
  /** The size of the large object. */
  readonly largeBytes: number;
  /** The number of keys in a long listing. */
  readonly manyKeys: number;
  /** False for files, which keep no content type and no metadata. */
  readonly keepsAttributes: boolean;
  /** False for files: no connection can break. */
  readonly isRemote: boolean;
  /** False when the system or its counterpart cannot sign a URL. */
  readonly signs: boolean;
}

/** For cases of thousands of requests: some counterparts are slow on a busy machine. */
const LONG = { timeout: 900_000 };
const MIB = 1024 * 1024;
/** More than two parts of a read. */
const SEVERAL_PARTS = 20 * MIB;
/** Far more than four parts of an upload in flight. */
const MOST_MEMORY = 160 * MIB;
/** Writers that work at the same time. */
const WRITERS = 16;

const ODD_KEYS = [
  ...["a b", " leading", "plus+and%20percent", "q?uestion&hash#=", "quote'\"s"],
  ...["ünï/日本語/🎉", "back`tick", "comma,semi;colon:", "~tilde", "star*", "[x]", "{y}", "a.b"],
  ...["...", `${"deep/".repeat(40)}end`, "@at!$()"],
];
const REFUSED_KEYS = [
  "",
  "/a",
  "..",
  "a/../b",
  "a/./b",
  "a\nb",
  "a\u0000b",
  "\ud800",
  "x".repeat(1025),
];

export function storeContract(begin: () => Promise<ContractStore>, limits: ContractLimits): void {
  let at: ContractStore;
  beforeAll(async () => {
    at = await begin();
  }, 300_000);
  afterAll(() => at?.stop());

  const connectionOf = () => Object.keys(at.connections ?? {})[0];
  const refOf = (url: string): ObjectStoreRef => {
    const connection = connectionOf();
    return objectStore(url, connection === undefined ? {} : { connection });
  };
  /** A store below a prefix of its own, in a task. */
  const inStore = async <Output>(
    prefix: string,
    work: (store: ObjectStore, ref: ObjectStoreRef) => Promise<Output>,
    {
      signal,
      connections = at.connections ?? {},
    }: { readonly signal?: AbortSignal; readonly connections?: Connections } = {},
  ): Promise<Output> => {
    const ref = refOf(at.below(prefix));
    let output: Output | undefined;
    await runTask(
      async (context) => {
        output = await work(await ref.open(context), ref);
      },
      { ...(connections && { connections }), ...(signal && { signal }) },
    );
    return output as Output;
  };

  test.each(ODD_KEYS)("the key %j is stored, found, copied and deleted", (key) =>
    inStore("odd", async (store) => {
      await store.put(key, key);
      expect(await store.text(key)).toBe(key);
      expect(await store.head(key)).toMatchObject({ key, size: Buffer.byteLength(key) });
      await store.copy(key, `copy of ${key}`);
      expect((await keysOf(store.list())).sort()).toEqual([`copy of ${key}`, key].sort());
      await store.deleteMany([key, `copy of ${key}`]);
      expect(await keysOf(store.list())).toEqual([]);
    }),
  );

  test.each(REFUSED_KEYS.map((key) => [JSON.stringify(key).slice(0, 20), key] as const))(
    "the key %s is refused before a request",
    (_, key) =>
      inStore("refused", async (store) => {
        for (const verb of [
          () => store.put(key, "x"),
          () => store.get(key),
          () => store.head(key),
          () => store.delete(key),
          () => store.copy("a", key),
        ])
          await expect((async () => verb())()).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      }),
  );

  test("an object that is not there: null, an error with its URL, and no error to delete", () =>
    inStore("none", async (store) => {
      expect(await store.head("a")).toBeNull();
      await expect(store.get("a")).rejects.toThrow(`There is no object ${store.urlOf("a")}`);
      await expect(store.range("a", 0, 1)).rejects.toThrow("There is no object");
      await expect(store.copy("a", "b")).rejects.toThrow(/a/);
      await store.delete("a");
      expect(await keysOf(store.list())).toEqual([]);
    }));

  test("a bucket that is not there fails for good, with its name", async () => {
    const ref = refOf(at.missingUrl);
    const name = at.missingUrl.split("/").at(-1)!;
    for (const work of [
      (store: ObjectStore) => store.put("a", "x"),
      (store: ObjectStore) => store.head("a"),
      (store: ObjectStore) => store.get("a"),
      (store: ObjectStore) => store.range("a", 0, 1),
      (store: ObjectStore) => keysOf(store.list()),
      (store: ObjectStore) => store.copy("a", "b"),
    ])
      await expect(
        runTask(async (context) => void (await work(await ref.open(context))), {
          connections: at.connections ?? {},
        }),
      ).rejects.toMatchObject({ name: "FailTask", message: expect.stringContaining(name) });
  });

  test.each<[string, FileContent]>([
    ["text", ""],
    ["bytes", new Uint8Array()],
    ["a stream", chunks(0)],
  ])("an empty object from %s is stored and read", (_, content) =>
    inStore("empty", async (store) => {
      expect(await store.put("e", content)).toMatchObject({ key: "e", size: 0 });
      expect(await store.text("e")).toBe("");
      expect(await store.range("e", 0, 10)).toHaveLength(0);
    }),
  );

  test("a range may begin, and end, beyond the end", () =>
    inStore("range", async (store) => {
      await store.put("r", "0123456789");
      const of = async (from: number, length: number): Promise<string> =>
        Buffer.from(await store.range("r", from, length)).toString();
      expect([await of(0, 3), await of(4, 2), await of(8, 100)]).toEqual(["012", "45", "89"]);
      expect([await of(10, 5), await of(1000, 5), await of(3, 0)]).toEqual(["", "", ""]);
    }));

  test("a large stream of unknown length passes in flat memory, byte for byte", LONG, () =>
    inStore("large", async (store) => {
      const memory = new MemoryMark(MOST_MEMORY);
      const written = createHash("sha256");
      const size = limits.largeBytes;
      const source = tapped(chunks(size / MIB), (piece) => {
        written.update(piece);
        memory.look();
      });
      expect(await store.put("large", source)).toMatchObject({ size });
      const read = createHash("sha256");
      for await (const piece of await store.get("large")) {
        read.update(piece as Uint8Array);
        memory.look();
      }
      expect(read.digest("hex")).toBe(written.digest("hex"));
      expect(memory.mostMore).toBeLessThan(MOST_MEMORY);
      await store.delete("large");
    }),
  );

  test("many keys are listed in their order, page by page, and deleted together", LONG, () =>
    inStore("many", async (store) => {
      const keys = Array.from(
        { length: limits.manyKeys },
        (_, index) => `${index % 3 === 0 ? "a/" : "b-"}${String(index).padStart(5, "0")}`,
      ).sort();
      await atOnce(keys, (key) => store.put(key, "x"));
      expect(await keysOf(store.list())).toEqual(keys);
      expect(await keysOf(store.list("a/"))).toEqual(keys.filter((key) => key.startsWith("a/")));
      expect(await keysOf(store.list("a/0000"))).toEqual(
        keys.filter((key) => key.startsWith("a/0000")),
      );
      await store.deleteMany(keys);
      expect(await keysOf(store.list())).toEqual([]);
    }),
  );

  test("one level of a listing has the objects of it, and a folder for all below", () =>
    inStore("levels", async (store) => {
      for (const key of ["a-b", "a.c", "a/1", "a/2", "b/c/3", "c"]) await store.put(key, "x");
      expect(await keysOf(store.listFolder())).toEqual(["a-b", "a.c", "a/", "b/", "c"]);
      expect(await keysOf(store.listFolder("a/"))).toEqual(["a/1", "a/2"]);
      expect(await keysOf(store.listFolder("b/"))).toEqual(["b/c/"]);
      expect(await keysOf(store.list("a"))).toEqual(["a-b", "a.c", "a/1", "a/2"]);
    }));

  test("of two writers at once, the object is that of one of them", () =>
    inStore("race", async (store) => {
      const [one, other] = ["1".repeat(3 * MIB), "2".repeat(3 * MIB)];
      await Promise.all([store.put("k", one), store.put("k", other)]);
      expect([one, other]).toContain(await store.text("k"));
    }));

  test.each(["replaced", "deleted"])("a reader learns that the object was %s meanwhile", (how) =>
    inStore("meanwhile", async (store) => {
      await store.put("k", chunks(SEVERAL_PARTS / MIB));
      const body = await store.get("k");
      let bytes = 0;
      const reading = (async () => {
        for await (const piece of body) {
          if (bytes === 0) await (how === "deleted" ? store.delete("k") : store.put("k", "new"));
          bytes += (piece as Uint8Array).length;
        }
      })();
      await expect(reading).rejects.toThrow(/was (replaced|deleted) after \d+ of 20971520 bytes/);
      expect(bytes).toBeLessThan(SEVERAL_PARTS);
    }),
  );

  test.each([2, 20])(
    "a source that fails after %d MiB leaves the old object and no part",
    (count) =>
      inStore("broken", async (store) => {
        await store.put("k", "old");
        async function* broken() {
          yield* chunks(count);
          throw new Error("the source broke");
        }
        await expect(store.put("k", broken())).rejects.toThrow("the source broke");
        await expect(store.put("new", broken())).rejects.toThrow("the source broke");
        expect([await store.text("k"), await store.head("new")]).toEqual(["old", null]);
        expect(await at.unfinished()).toBe(0);
      }),
  );

  test.each([1, 20])("a cancel after %d MiB leaves the old object and no part", async (count) => {
    await inStore("cancelled", (store) => store.put("k", "old"));
    const controller = new AbortController();
    async function* endless() {
      yield* chunks(count);
      controller.abort(new Error("cancelled"));
      await new Promise(() => {});
    }
    await expect(
      inStore("cancelled", (store) => store.put("k", endless()), { signal: controller.signal }),
    ).rejects.toThrow("cancelled");
    await inStore("cancelled", async (store) => expect(await store.text("k")).toBe("old"));
    expect(await at.unfinished()).toBe(0);
  });

  test("a cancel ends a reader", async () => {
    const controller = new AbortController();
    await inStore("reader", (store) => store.put("k", chunks(SEVERAL_PARTS / MIB)));
    const reading = inStore(
      "reader",
      async (store) => {
        for await (const _ of await store.get("k")) controller.abort(new Error("cancelled"));
      },
      { signal: controller.signal },
    );
    if (limits.keepsAttributes) await expect(reading).rejects.toThrow("cancelled");
    else await reading;
  });

  describe("a connection that is cut", () => {
    /** The store through a proxy that ends connections. */
    const throughProxy = async (
      cut: (proxy: SilentProxy) => void,
      work: (store: ObjectStore) => Promise<void>,
    ): Promise<void> => {
      const { url, connectionsAt } = at.server!;
      const proxy = await silentProxy(url);
      cut(proxy);
      await inStore("cut", work, { connections: connectionsAt(new URL(proxy.url).href) });
    };
    /** In the middle of one transfer, or of each. */
    const onUploads = (times: number) => (proxy: SilentProxy) => {
      proxy.onSent = (_, connection) => {
        if (connection.bytes.sent > 3 * MIB && times-- > 0) connection.end();
      };
    };
    const onDownloads = (times: number) => (proxy: SilentProxy) => {
      proxy.onReceived = (connection) => {
        if (connection.bytes.received > 3 * MIB && times-- > 0) connection.end();
      };
    };
    const ALWAYS = Number.POSITIVE_INFINITY;
    const size = SEVERAL_PARTS;

    test.runIf(limits.isRemote)("once during an upload costs nothing", LONG, async () => {
      await throughProxy(onUploads(1), async (store) => {
        expect(await store.put("once", chunks(size / MIB))).toMatchObject({ size });
      });
      await inStore("cut", async (store) => {
        expect(await hashOf(await store.get("once"))).toBe(await hashOf(chunks(size / MIB)));
        expect(await at.unfinished()).toBe(0);
      });
    });

    test.runIf(limits.isRemote)("during each upload leaves the old object", LONG, async () => {
      await inStore("cut", (store) => store.put("k", "old"));
      await throughProxy(onUploads(ALWAYS), async (store) => {
        for (const key of ["k", "new"])
          await expect(store.put(key, chunks(size / MIB))).rejects.toMatchObject({
            name: "Error",
            message: expect.stringMatching(/^\S+ \S+ \S+: no answer from 127\.0\.0\.1:\d+: \S/),
          });
      });
      await inStore("cut", async (store) => {
        expect([await store.text("k"), await store.head("new")]).toEqual(["old", null]);
        expect(await at.unfinished()).toBe(0);
      });
    });

    test.runIf(limits.isRemote)("once during a download costs nothing", LONG, async () => {
      await inStore("cut", (store) => store.put("d", chunks(size / MIB)));
      await throughProxy(onDownloads(1), async (store) => {
        expect(await hashOf(await store.get("d"))).toBe(await hashOf(chunks(size / MIB)));
      });
    });

    test.runIf(limits.isRemote)("during each download is one error", LONG, async () => {
      await inStore("cut", (store) => store.put("d", chunks(size / MIB)));
      await throughProxy(onDownloads(ALWAYS), async (store) => {
        await expect(hashOf(await store.get("d"))).rejects.toMatchObject({
          name: "Error",
          message: expect.stringMatching(/^\S+ \S+ \S+: no answer from 127\.0\.0\.1:\d+: \S/),
        });
      });
    });
  });

  test("the sensor finds objects by pattern, by prefix and by key", () =>
    inStore("sensed", async (store, ref) => {
      const poke = async (options: Parameters<typeof objectSensor>[0]) =>
        (await runTask(objectSensor(options), { connections: at.connections ?? {} })).output;
      expect(await poke({ store: ref, match: "*.csv" })).toEqual({ done: false });
      for (const key of ["t-1.csv", "t-2.csv", "u/t-3.csv", "t-4.json"]) await store.put(key, key);
      const found = (output: unknown) =>
        (output as { value: { key: string }[] }).value.map(({ key }) => key);
      expect(found(await poke({ store: ref, match: "*.csv" }))).toEqual([
        ...["t-1.csv", "t-2.csv", "u/t-3.csv"],
      ]);
      expect(found(await poke({ store: ref, match: "t-[!1].*" }))).toEqual(["t-2.csv", "t-4.json"]);
      expect(found(await poke({ store: ref, prefix: "u/" }))).toEqual(["u/t-3.csv"]);
      expect(await poke({ store: ref, prefix: "u/", atLeast: 2 })).toEqual({ done: false });
      expect(await poke({ store: ref, key: ["t-1.csv", "no"] })).toEqual({ done: false });
      expect(found(await poke({ store: ref, key: ["t-1.csv"] }))).toEqual(["t-1.csv"]);
    }));

  test("a transfer copies an object, a prefix, and a file of a task", () =>
    inStore("moved", async (store, ref) => {
      for (const key of ["in/1", "in/2", "x"]) await store.put(key, key);
      const run = async (options: Parameters<typeof transfer>[0]) =>
        (await runTask(transfer(options as never), { connections: at.connections ?? {} })).output;
      const of = (key: string) => ({ store: ref, key });
      expect(await run({ from: of("x"), to: of("y") })).toEqual({ objects: 1, bytes: 1 });
      expect(
        await run({ from: { store: ref, prefix: "in/" }, to: { store: ref, prefix: "out/" } }),
      ).toEqual({ objects: 2, bytes: 8 });
      expect(await keysOf(store.list())).toEqual(["in/1", "in/2", "out/1", "out/2", "x", "y"]);
      await expect(run({ from: of("no"), to: of("z") })).rejects.toThrow("There is no object");
    }));

  describe("attributes", () => {
    test.runIf(limits.keepsAttributes)("are stored, and go along with a copy", () =>
      inStore("attributes", async (store) => {
        const options = {
          ...{ contentType: "text/csv", contentEncoding: "gzip" },
          metadata: { owner: "ann smith", of_run: "a=b" },
        };
        await store.put("k", "not really gzip", options);
        await store.copy("k", "copy");
        for (const key of ["k", "copy"]) expect(await store.head(key)).toMatchObject(options);
        expect(await store.text("copy")).toBe("not really gzip");
      }),
    );

    test.runIf(!limits.keepsAttributes)("that a file cannot keep are refused", () =>
      inStore("attributes", async (store) => {
        for (const options of [{ metadata: { a: "b" } }, { storageClass: "COLD" }])
          await expect(store.put("k", "x", options)).rejects.toMatchObject({ name: "FailTask" });
      }),
    );

    test.each([
      ["a capital letter", { Owner: "x" }],
      ["a letter outside of ASCII", { a: "ü" }],
      ["a space in front", { a: " x" }],
      ["too many bytes", { a: "x".repeat(2048) }],
    ])(
      "that not every system stores are refused: %s",
      (_, metadata: Readonly<Record<string, string>>) =>
        inStore("attributes", (store) =>
          expect(store.put("k", "x", { metadata })).rejects.toMatchObject({
            code: "INVALID_ARGUMENT",
          }),
        ),
    );
  });

  describe("a signed URL", () => {
    test.runIf(limits.signs)("reads and writes the object without credentials", () =>
      inStore("signed", async (store) => {
        await store.put("a b/ü", "signed");
        const get = await fetch(await store.presign("a b/ü"));
        expect([get.status, await get.text()]).toEqual([200, "signed"]);
        const put = await store.presign("k", { method: "PUT", expiresIn: "10m" });
        const headers = { "x-ms-blob-type": "BlockBlob" };
        expect((await fetch(put, { method: "PUT", body: "put", headers })).ok).toBe(true);
        expect(await store.text("k")).toBe("put");
      }),
    );

    test.runIf(!limits.signs)("is refused where it cannot be made", () =>
      inStore("signed", (store) =>
        expect(store.presign("k")).rejects.toMatchObject({ name: "FailTask" }),
      ),
    );
  });
}

/** So many MiB, each of other bytes. */
async function* chunks(count: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index++) yield Buffer.alloc(MIB, `${index} `);
}

async function hashOf(bytes: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of bytes) hash.update(piece as Uint8Array);
  return hash.digest("hex");
}

async function* tapped(bytes: AsyncIterable<Uint8Array>, tap: (piece: Uint8Array) => void) {
  for await (const piece of bytes) {
    tap(piece);
    yield piece;
  }
}

export async function keysOf(
  list: AsyncIterable<{ readonly key: string } | { readonly prefix: string }>,
): Promise<string[]> {
  const keys: string[] = [];
  for await (const found of list) keys.push("key" in found ? found.key : found.prefix);
  return keys;
}

async function atOnce<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>) {
  const rest = items.values();
  const writer = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}
