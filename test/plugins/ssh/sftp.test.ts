/** Files of hosts that are plainer, slower or shorter-lived than OpenSSH. */
import { text } from "node:stream/consumers";
import { type Sftp, sftpHook } from "dagsmith/plugins/sftp";
import { runTask } from "dagsmith/testing";
import { describe, expect, test } from "vitest";
import { type Answer, plainSftp, type SshServer, sshServer } from "../../support/ssh_server.ts";

const PERMISSION_DENIED = 3;

const using = <Output>(
  { connection }: SshServer,
  work: (files: Sftp) => Promise<Output>,
  options = {},
) =>
  runTask<Output>(async ({ hook }) => work(await hook(sftpHook("host"))), {
    ...{ connections: { host: connection }, ...options },
  });
const failureOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => expect.unreachable("it succeeded"),
    (error: Error) => error.message,
  );

describe("on a host whose rename replaces no file", () => {
  const renamed = async (content: Record<string, string>, answer?: Answer) => {
    const files = new Map(Object.entries(content));
    await using server = await sshServer(plainSftp(files, answer));
    const result = await renaming(server);
    return { result, files: Object.fromEntries(files) };
  };
  const renaming = (server: SshServer) =>
    using(server, async (sftp) => {
      await sftp.rename("new.csv", "trips.csv");
      return "renamed";
    }).then(
      ({ output }) => output,
      (error: Error) => error.message,
    );

  test("a rename of a file that does not exist leaves the other one", async () =>
    expect(await renamed({ "trips.csv": "old" })).toEqual({
      result: expect.stringMatching(/^SFTP rename new\.csv \(.*: No such file/),
      files: { "trips.csv": "old" },
    }));

  test("so does one that the host calls a failure for another reason", async () =>
    expect(
      await renamed({ "trips.csv": "old" }, (verb) => (verb === "rename" ? 4 : undefined)),
    ).toEqual({
      result: expect.stringMatching(/^SFTP rename new\.csv /),
      files: { "trips.csv": "old" },
    }));

  test("a rename replaces the old file, and leaves nothing of it", async () =>
    expect(await renamed({ "new.csv": "new", "trips.csv": "old" })).toEqual({
      result: "renamed",
      files: { "trips.csv": "new" },
    }));

  test.each([4, PERMISSION_DENIED])(
    "the old file comes back when the new one does not get its name: %i",
    async (code) => {
      const all = { "new.csv": "new", "trips.csv": "old" };
      let isAside = false;
      const answer: Answer = (verb, from) => {
        if (verb !== "rename") return undefined;
        if (from === "new.csv") return isAside ? code : undefined;
        isAside = true;
        return undefined;
      };
      expect(await renamed(all, answer)).toEqual({
        result: expect.stringMatching(/^SFTP rename new\.csv /),
        files: all,
      });
    },
  );

  test("an old file that cannot come back is named", async () => {
    const answer: Answer = (verb, from) =>
      verb === "rename" && from !== "trips.csv" ? 4 : undefined;
    const { result, files } = await renamed({ "new.csv": "new", "trips.csv": "old" }, answer);
    const [aside] = Object.keys(files).filter((name) => files[name] === "old");
    expect(result).toContain(`The old file could not get its name back, and is at ${aside}`);
  });

  test("a put replaces the old file", async () => {
    const files = new Map([["trips.csv", "old"]]);
    await using server = await sshServer(plainSftp(files));
    await using(server, (sftp) => sftp.put("trips.csv", "new"));
    expect([...files]).toEqual([["trips.csv", "new"]]);
  });
});

test("files that are not complete are in no list, and a pattern matches no hidden file", async () => {
  const names = [".dagsmith-unfinished-1", ".dagsmith-unfinished-1.csv", ".hidden.csv", "a.csv"];
  await using server = await sshServer(plainSftp(new Map(names.map((name) => [name, "x"]))));
  const { output } = await using(server, async (sftp) => {
    const all = [sftp.list("."), sftp.match("*"), sftp.match("?*.csv"), sftp.match(".*")];
    return (await Promise.all(all)).map((found) => found.map(({ path }) => path));
  });
  expect(output).toEqual([[".hidden.csv", "a.csv"], ["a.csv"], ["a.csv"], [".hidden.csv"]]);
});

const VERBS: Readonly<Record<string, (files: Sftp) => Promise<unknown>>> = {
  put: (files) => files.put("b.csv", "b"),
  get: async (files) => text(await files.get("a.csv")),
  list: (files) => files.list("."),
  stat: (files) => files.stat("a.csv"),
  delete: (files) => files.delete("a.csv"),
  makeFolder: (files) => files.makeFolder("in"),
  rename: (files) => files.rename("a.csv", "b.csv"),
};
const LOST = /^SFTP etl@127\.0\.0\.1:\d+: the connection was lost$/;

describe("a connection that is lost", () => {
  test("is the error of each verb that comes later", async () => {
    await using server = await sshServer(plainSftp(new Map()));
    const work = async (files: Sftp) => {
      const gone = failureOf(files.stat("a.csv"));
      server.drop();
      await gone;
      return Promise.all(Object.values(VERBS).map((verb) => failureOf(verb(files))));
    };
    const { output } = await using(server, work);
    expect(output).toEqual(Object.keys(VERBS).map(() => expect.stringMatching(LOST)));
  });

  test.each([
    ["put", "open"],
    ["put", "write"],
    ["put", "stat"],
    ["get", "open"],
    ["get", "read"],
    ["rename", "rename"],
  ] as const)("ends a %s that waits for the answer to %s", async (name, at) => {
    const answer: Answer = (verb) => {
      if (verb !== at) return undefined;
      server.drop();
      return null;
    };
    await using server = await sshServer(plainSftp(new Map([["a.csv", "a"]]), answer));
    const work = (files: Sftp) => (VERBS[name] as (typeof VERBS)["put"])(files).then(() => null);
    expect(await failureOf(using(server, work))).toMatch(LOST);
  });
});

test.each([
  ["put", "open"],
  ["put", "write"],
  ["put", "write, and none to the removal of its part"],
  ["get", "read"],
  ["list", "list"],
  ["stat", "stat"],
] as const)("a cancel ends a %s that gets no answer to %s", async (name, at) => {
  const task = new AbortController();
  const answer: Answer = (verb) => {
    if (!at.startsWith(verb) && !(verb === "remove" && at.includes("removal"))) return undefined;
    task.abort(new Error("cancelled"));
    return null;
  };
  await using server = await sshServer(plainSftp(new Map([["a.csv", "a"]]), answer));
  let message: unknown;
  const work = async (files: Sftp) => {
    message = await failureOf((VERBS[name] as (typeof VERBS)["put"])(files));
    return null;
  };
  await using(server, work, { signal: task.signal }).catch(() => undefined);
  expect(message).toMatch(/^cancelled$|aborted/);
});
