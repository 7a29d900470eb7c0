/** Commands and files of a host with OpenSSH. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { dag } from "dagsmith";
import { objectStore } from "dagsmith/plugins/objects";
import { sh } from "dagsmith/plugins/process";
import {
  type Sftp,
  sftpGet,
  sftpHook,
  sftpPut,
  sftpSensor,
  sftpToStore,
} from "dagsmith/plugins/sftp";
import { sshCommand } from "dagsmith/plugins/ssh";
import { runDag, runTask } from "dagsmith/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { sshConnection } from "../../../plugins/ssh/connection.ts";
import { describeWith } from "../../support/counterpart.ts";
import { findSshd, type Sshd, startSshd } from "../../support/sshd.ts";
import { until } from "../../support/until.ts";

describeWith("OpenSSH", findSshd(), () => {
  let server: Sshd;
  let folder: string;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-services-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const connected = ({ port, user, hostKey, privateKey }: Sshd) => ({
    host: {
      type: "ssh",
      host: "127.0.0.1",
      port,
      login: user,
      extra: { private_key: privateKey, host_key: hostKey },
    },
  });
  const failureOf = (work: Promise<unknown>): Promise<Error> =>
    work.then(
      () => expect.unreachable("it succeeded"),
      (error: Error) => error,
    );
  const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);
  const pidIn = async (name: string): Promise<number> =>
    until("the start of the command", async () =>
      readFile(join(folder, name), "utf8").then(
        (pid) => pid.endsWith("\n") && Number(pid),
        () => false,
      ),
    );

  describe("sshCommand", () => {
    const command = (script: Parameters<typeof sshCommand>[0]["script"], options = {}) =>
      sshCommand({ ssh: "host", script, ...options });

    it("logs the output and returns its last line by the schema", async () => {
      const { output, log } = await runTask(
        sshCommand({
          ...{ ssh: "host", cwd: folder, env: { NAME: "it's", N: 7 }, output: z.coerce.number() },
          script: sh`printf '%s\n' "$NAME" ${"a b"}; pwd; echo oh no >&2; echo $N`,
        }),
        { connections: connected(server) },
      );
      expect(output).toBe(7);
      const lines = log.map(({ level, text }) => `${level} ${text}`);
      expect(lines.filter((line) => line.startsWith("info"))).toEqual(
        ["it's", "a b", folder, "7"].map((line) => `info ${line}`),
      );
      expect(lines).toContain("warn oh no");
    });

    it.each([
      [
        "echo lost >&2; exit 3",
        "ProcessError",
        /^The command on .* exited with code 3\. Its last lines:\nlost$/,
      ],
      ["no-such-program", "FailTask", /exited with code 127 \(the command does not exist\)/],
      ["exit 99", "SkipTask", /exited with code 99/],
      ["kill -9 $$", "ProcessError", /was ended by SIGKILL/],
    ])("ends by the exit code: %s", async (script, name, says) => {
      const error = await failureOf(runTask(command(script), { connections: connected(server) }));
      expect([error.name, error.message]).toEqual([name, expect.stringMatching(says)]);
    });

    it("does not wait for what the command leaves running, and ends it", async () => {
      await runTask(command(`sleep 1000 & echo $! > ${folder}/pid`), {
        connections: connected(server),
      });
      const pid = await pidIn("pid");
      await until("the end of the process", async () => !isAlive(pid));
    });

    it.each([
      ["", "at SIGTERM"],
      ['trap "" TERM; ', "although it ignores SIGTERM"],
    ])("a cancel ends the command and its children%s %s", async (trap) => {
      const task = new AbortController();
      const running = failureOf(
        runTask(command(`${trap}sleep 1000 & echo $! > ${folder}/pid; wait; wait`), {
          ...{ connections: connected(server), signal: task.signal },
        }),
      );
      const pid = await pidIn("pid");
      task.abort(new Error("cancelled"));
      expect((await running).message).toBe("cancelled");
      await until("the end of the child", async () => !isAlive(pid));
    });

    it("a connection that is lost is an error that can be retried, and ends the command", async () => {
      const own = await startSshd();
      const running = failureOf(
        runTask(command(`echo $$ > ${folder}/pid; sleep 1000`), { connections: connected(own) }),
      );
      const pid = await pidIn("pid");
      // The process of this connection is the parent of its shell.
      const [, parent] = /PPid:\t(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
      process.kill(Number(parent), "SIGKILL");
      const error = await running;
      await own.stop();
      expect([error.name, error.message]).toEqual([
        "Error",
        expect.stringMatching(/^SSH .*: the connection was lost while the command ran$/),
      ]);
      await until("the end of the command", async () => !isAlive(pid));
    });

    it("a key that the host does not take fails for good, without the key", async () => {
      const connections = { host: { ...connected(server).host } };
      connections.host.extra = { ...connections.host.extra, private_key: server.strangerKey };
      const error = await failureOf(runTask(command("true"), { connections }));
      expect([error.name, error.message]).toEqual([
        "FailTask",
        expect.stringMatching(/configured authentication methods failed; check login/),
      ]);
    });

    it("the connection is tested by its login", async () => {
      const connection = { id: "host", password: null, schema: null, ...connected(server).host };
      const context = { signal: new AbortController().signal, log: console };
      expect(await sshConnection.test(connection, context as never)).toMatch(
        /^SSH .* takes the login$/,
      );
    });
  });

  describe("sftp", () => {
    const using = <Output>(work: (files: Sftp) => Promise<Output>, options = {}) =>
      runTask<Output>(async ({ hook }) => work(await hook(sftpHook("host"))), {
        ...{ connections: connected(server), ...options },
      });
    const at = (name: string) => join(folder, name);

    it("puts, gets, lists, stats, renames and deletes", async () => {
      await symlink("/nowhere", at("link"));
      const { output } = await using(async (files) => {
        await files.makeFolder(at("a/b"));
        await files.makeFolder(at("a/b"));
        const size = await files.put(at("a/x.csv"), "é");
        await files.put(at("a/x.csv"), "neu");
        await files.rename(at("a/x.csv"), at("a/y.csv"));
        return {
          ...{ size, text: await files.text(at("a/y.csv")), none: await files.stat(at("a/x.csv")) },
          list: (await files.list(at("a"))).map(({ path, type, size: bytes }) => [
            path,
            type,
            type === "file" ? bytes : 0,
          ]),
          all: (await files.match(`${folder}/*`)).length,
          gone: await files.delete(at("a/y.csv")).then(() => files.delete(at("a/y.csv"))),
        };
      });
      expect(output).toEqual({
        ...{ size: 2, text: "neu", none: null, all: 0, gone: undefined },
        list: [
          [at("a/b"), "folder", 0],
          [at("a/y.csv"), "file", 3],
        ],
      });
    });

    it("a put that fails leaves the old file, and nothing besides", async () => {
      await writeFile(at("a.csv"), "old");
      const broken = async function* () {
        yield Buffer.alloc(1_000_000);
        throw new Error("the source is gone");
      };
      const error = await failureOf(using((files) => files.put(at("a.csv"), broken())));
      expect(error.message).toBe("the source is gone");
      expect([await readdir(folder), await readFile(at("a.csv"), "utf8")]).toEqual([
        ["a.csv"],
        "old",
      ]);
    });

    it("a cancel ends a put whose source gives nothing, and leaves nothing", async () => {
      const task = new AbortController();
      const silent = async function* () {
        yield Buffer.alloc(100_000);
        task.abort(new Error("cancelled"));
        await new Promise<never>(() => undefined);
      };
      const error = await failureOf(
        using((files) => files.put(at("a.csv"), silent()), { signal: task.signal }),
      );
      expect(error.message).toBe("cancelled");
      await until("the end of the file", async () => (await readdir(folder)).length === 0);
    });

    it("large files pass in streams, exactly", async () => {
      const bytes = randomBytes(20_000_001);
      await writeFile(at("in"), bytes);
      await using(async (files) => files.put(at("out"), await files.get(at("in"))));
      const hash = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
      expect(hash(await readFile(at("out")))).toBe(hash(bytes));
    });

    it("a file that is cut while it is read is an error", async () => {
      await writeFile(at("a"), randomBytes(3_000_000));
      const read = using(async (files) => {
        const content = await files.get(at("a"));
        await truncate(at("a"), 1_000);
        return (await text(content)).length;
      });
      expect((await failureOf(read)).message).toMatch(/the file ended after \d+ of 3000000 bytes/);
    });

    it.each([
      ["get", (files: Sftp, path: string) => files.text(path)],
      ["list", (files: Sftp, path: string) => files.list(path)],
      ["put", (files: Sftp, path: string) => files.put(`${path}/x`, "x")],
      ["rename", (files: Sftp, path: string) => files.rename(path, `${path}2`)],
    ] as const)("%s of what does not exist names verb and path", async (verb, work) => {
      const error = await failureOf(using((files) => work(files, at("none")).then(() => null)));
      expect(error.message).toMatch(
        new RegExp(`^SFTP ${verb} ${at("none")}\\S* \\(.*: No such file`),
      );
    });

    it("a host without SFTP fails for good", async () => {
      const own = await startSshd("");
      const work = runTask(async ({ hook }) => (await hook(sftpHook("host"))).text("a"), {
        connections: connected(own),
      });
      const error = await failureOf(work);
      await own.stop();
      expect([error.name, error.message]).toEqual([
        "FailTask",
        expect.stringContaining("the host offers no SFTP"),
      ]);
    });

    it("the sensor waits for enough files of a size, and names them", async () => {
      const sensor = sftpSensor({ sftp: "host", path: `${folder}/*.csv`, atLeast: 2, minBytes: 1 });
      const poke = async () => (await runTask(sensor, { connections: connected(server) })).output;
      await writeFile(at("a.csv"), "a");
      await writeFile(at("b.csv"), "");
      expect(await poke()).toEqual({ done: false });
      await writeFile(at("b.csv"), "bb");
      expect(await poke()).toEqual({
        done: true,
        value: [
          { path: at("a.csv"), size: 1 },
          { path: at("b.csv"), size: 2 },
        ],
      });
    });

    it("files pass between a host, files of tasks and a store", async () => {
      const store = objectStore(`file://${folder}`);
      await writeFile(at("in.csv"), "a,b\n");
      const d = dag("move");
      const csv = d.task("get", sftpGet({ sftp: "host", path: at("in.csv"), file: "in.csv" }));
      d.task(
        "put",
        { inputs: { csv } },
        sftpPut({ sftp: "host", path: at("back.csv"), from: ({ inputs }) => inputs.csv }),
      );
      const stored = d.task(
        "store",
        sftpToStore({ sftp: "host", path: at("in.csv"), to: { store, key: "s.csv" } }),
      );
      const object = { store, key: "s.csv" };
      d.task(
        "deliver",
        { inputs: { stored } },
        sftpPut({ sftp: "host", path: at("d.csv"), from: object }),
      );
      const { state } = await runDag(d, { connections: connected(server) });
      expect(state).toBe("success");
      for (const name of ["back.csv", "s.csv", "d.csv"])
        expect(await readFile(at(name), "utf8")).toBe("a,b\n");
    });
  });
});
