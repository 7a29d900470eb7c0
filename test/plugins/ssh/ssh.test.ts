/** Keys of hosts, connections to hosts, and the shell that runs a script on a host. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseConnection, type TaskBody } from "dagsmith";
import { sh } from "dagsmith/plugins/process";
import { sftpHook } from "dagsmith/plugins/sftp";
import { sshCommand, sshHook } from "dagsmith/plugins/ssh";
import { runTask } from "dagsmith/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fileName } from "../../../plugins/sftp/file_name.ts";
import { sshConnection } from "../../../plugins/ssh/connection.ts";
import { readHostKeys } from "../../../plugins/ssh/host_key.ts";
import { REMOTE_COMMAND, type RemoteScript, stdinOf } from "../../../plugins/ssh/remote_script.ts";
import { type SshServer, sshServer } from "../../support/ssh_server.ts";
import { until } from "../../support/until.ts";
import { errorWithout } from "../../support/without_package.ts";

const ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
const PRINT = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU";

describe("a host key", () => {
  test.each([
    [`ssh-ed25519 ${ED25519}`, [{ type: "ssh-ed25519", fingerprint: PRINT }]],
    [ED25519, [{ type: "ssh-ed25519", fingerprint: PRINT }]],
    [
      `# files:22 SSH-2.0\n[files]:22 ssh-ed25519 ${ED25519} comment\n\n${PRINT}`,
      [
        { type: "ssh-ed25519", fingerprint: PRINT },
        { type: null, fingerprint: PRINT },
      ],
    ],
    ["", []],
    ["MD5:aa:bb", null],
    [`@revoked files ssh-ed25519 ${ED25519}`, null],
    [`ssh-ed25519 ${ED25519}\n @cert-authority *.x ssh-ed25519 ${ED25519}`, null],
  ])("is read from %j", (text, keys) => expect(readHostKeys(text)).toEqual(keys));

  test.each([
    [{}, "has no login: give password, private_key or key_file"],
    [{ private_key: "x", key_file: "y" }, "leave one of them out"],
    [{ key_file: "y", host_key: "ssh-rsa" }, "host_key has a line that is neither a key"],
  ])("a connection with %j is refused", (extra, reason) => {
    const json = JSON.stringify({ type: "sftp", host: "h", login: "etl", extra });
    expect(() => sshConnection.read(parseConnection("files", json))).toThrow(reason);
  });
});

describe("a connection", () => {
  /** It offers no verb. */
  const startServer = () =>
    sshServer((session) => void session.on("exec", (_accept, reject) => reject()));
  const opening = (port: number, fields: object) =>
    runTask(async ({ hook }) => (await hook(sshHook("files"))).place, {
      connections: {
        files: { type: "ssh", host: "127.0.0.1", port, login: "etl", password: "right", ...fields },
      },
    }).then(
      ({ output }) => output,
      (error: Error) => [error.name, error.message],
    );

  test("needs a host key, and the refusal says which to compare and to set", async () => {
    await using server = await startServer();
    const [name, message] = (await opening(server.port, {})) as string[];
    expect(name).toBe("FailTask");
    expect(message).toMatch(
      /^The connection "files" does not say which key the host 127\.0\.0\.1:\d+ has\. It shows ssh-ed25519 SHA256:/,
    );
    const shown = /set host_key to: (.*)$/.exec(message ?? "")?.[1];
    expect(server.publicKey).toContain(shown);
    expect(await opening(server.port, { extra: { host_key: shown } })).toBe(
      `etl@127.0.0.1:${server.port}`,
    );
  });

  test("refuses a host that shows another key, whatever its password", async () => {
    await using server = await startServer();
    expect(await opening(server.port, { extra: { host_key: PRINT } })).toEqual([
      "FailTask",
      expect.stringMatching(/ has another key than the connection "files" names: it shows ssh-ed/),
    ]);
  });

  test("takes any host where the connection says so, and names a refused login", async () => {
    await using server = await startServer();
    const extra = { host_check: "none" };
    expect(await opening(server.port, { extra })).toContain("etl@");
    const [name, message] = (await opening(server.port, { extra, password: "s3cret" })) as string[];
    expect([name, message]).toEqual([
      "FailTask",
      expect.stringMatching(/^SSH etl@127.*check login, password and key of the connection/),
    ]);
    expect(message).not.toContain("s3cret");
  });

  test.each([
    [{ private_key: "no key" }, /^The private key of the connection cannot be used: /],
    [{ key_file: "/nowhere/id" }, /^The key_file of the connection cannot be read: ENOENT$/],
  ])("with %j fails before it connects", async (extra, says) => {
    const all = { password: undefined, extra: { ...extra, host_check: "none" } };
    expect(await opening(9, all)).toEqual(["FailTask", expect.stringMatching(says)]);
  });

  test("to a host that is down can be retried", async () => {
    const server = await startServer();
    await server[Symbol.asyncDispose]();
    expect(await opening(server.port, { extra: { host_check: "none" } })).toEqual([
      "Error",
      expect.stringMatching(/^SSH etl@127\.0\.0\.1:\d+: .*ECONNREFUSED/),
    ]);
  });

  test("to a host that runs no commands fails for good", async () => {
    await using server = await startServer();
    await expect(running(server)).rejects.toMatchObject({
      name: "FailTask",
      message: expect.stringMatching(/ runs no commands: /),
    });
  });

  const running = ({ connection }: SshServer, options = {}) =>
    runTask(async ({ hook }) => (await (await hook(sshHook("files"))).run("true")).exitCode, {
      ...{ connections: { files: connection }, ...options },
    });

  test("to a host that closes it in the handshake ends, and can be retried", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined).resume();
      socket.end("SSH-2.0-busy\r\n");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    expect(await opening(port, { extra: { host_check: "none" } })).toEqual([
      "Error",
      `SSH etl@127.0.0.1:${port}: the host closed the connection before the login was complete`,
    ]);
    server.close();
    await once(server, "close");
  });

  const WORKS: Readonly<Record<string, TaskBody<unknown>>> = {
    "a command": async ({ hook }) => (await hook(sshHook("files"))).run("true"),
    files: async ({ hook }) => (await hook(sftpHook("files"))).stat("a"),
  };

  test.each(Object.keys(WORKS))("without room for %s can be retried", async (name) => {
    await using server = await sshServer();
    const connections = { files: server.connection };
    await expect(runTask(WORKS[name] as TaskBody<unknown>, { connections })).rejects.toMatchObject({
      name: "Error",
      message: expect.stringMatching(/^SSH etl@.*: \(SSH\) Channel open failure/),
    });
  });

  test("that is lost while a command starts can be retried", async () => {
    await using server = await sshServer((session) => void session.on("exec", () => server.drop()));
    await expect(running(server)).rejects.toMatchObject({
      name: "Error",
      message: expect.stringMatching(/^SSH etl@.*: the connection was lost$/),
    });
  });

  test.each([
    ["a command", "exec"],
    ["files", "sftp"],
  ])("a cancel ends the wait for %s", async (name, event) => {
    const task = new AbortController();
    await using server = await sshServer(
      (session) => void session.on(event as "exec", () => task.abort(new Error("cancelled"))),
    );
    const options = { connections: { files: server.connection }, signal: task.signal };
    const work = runTask(WORKS[name] as TaskBody<unknown>, options);
    await expect(work).rejects.toThrow("cancelled");
  });

  test("a command that starts after the cancel gets no script", async () => {
    const task = new AbortController();
    const stdin = Promise.withResolvers<string>();
    await using server = await sshServer(
      (session) =>
        void session.on("exec", (accept) => {
          task.abort(new Error("cancelled"));
          stdin.resolve(text(accept()));
        }),
    );
    await expect(running(server, { signal: task.signal })).rejects.toThrow("cancelled");
    expect(await stdin.promise).toBe("");
  });

  test("a command reports the script that the host gets, which is written once", async () => {
    const stdin = Promise.withResolvers<string>();
    await using server = await sshServer(
      (session) =>
        void session.on("exec", (accept) => {
          const channel = accept();
          channel.once("data", (line: Buffer) => {
            stdin.resolve(Buffer.from(line.toString(), "base64").toString());
            channel.exit(0);
            channel.end();
          });
        }),
    );
    const script = sh`echo ${"it's"}`;
    const render = vi.spyOn(script, "render");
    const connections = { files: server.connection };
    const { rendered } = await runTask(sshCommand({ ssh: "files", script }), { connections });
    expect(rendered.script).toBe(await stdin.promise);
    expect(render).toHaveBeenCalledTimes(1);
  });

  test("without the package says what to install", async () => {
    const imports = 'const { sshHook } = await import("dagsmith/plugins/ssh");';
    const connection = { id: "a", type: "ssh", host: "h", login: "u", password: "p", extra: {} };
    const task = `(context) => sshHook("a").definition.open(${JSON.stringify(connection)}, context)`;
    expect(await errorWithout("ssh2", imports, task)).toEqual([
      "PACKAGE_MISSING",
      "sshHook() needs the package ssh2. Run: npm install ssh2",
    ]);
  });
});

describe("the shell on the host", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-test-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Starts it as sshd does: in a session of its own, by the shell of the login. */
  function start(script: Partial<RemoteScript>) {
    const shell = spawn("/bin/sh", ["-c", REMOTE_COMMAND], { detached: true });
    const output = text(shell.stdout);
    shell.stdin.on("error", () => undefined);
    shell.stdin.write(stdinOf({ script: "", cwd: null, env: {}, ...script }));
    return {
      shell,
      output,
      exited: once(shell, "exit") as Promise<[number | null, string | null]>,
    };
  }
  const result = async (script: Partial<RemoteScript>) => {
    const { shell, output, exited } = start(script);
    const [code] = await exited;
    shell.stdin.end();
    return [code, await output];
  };

  test("runs the script with its folder, its variables and its exit code", async () => {
    const env = { A: "it's $HOME", B: "two\nlines" };
    const script = sh`printf '%s|' "$A" "$B" ${"a 'b'"}; pwd; cat; exit 3`;
    const cwd = `${folder}/it's`;
    expect(await result({ script: `mkdir -p "${cwd}"` })).toEqual([0, ""]);
    expect(await result({ script, env, cwd })).toEqual([3, `it's $HOME|two\nlines|a 'b'|${cwd}\n`]);
  });

  test("shows no value in the list of processes", async () => {
    const [, output] = await result({ script: "ps -o args= -p $$", env: { A: "s3cret" } });
    expect(output).toContain("eval");
    expect(output).not.toContain("s3cret");
  });

  test("fails when the folder does not exist", async () =>
    expect(await result({ script: "echo", cwd: "/nowhere" })).toEqual([126, ""]));

  test("refuses a name that is no variable", () =>
    expect(() => stdinOf({ script: "", cwd: null, env: { "a;b": "" } })).toThrow("env.a;b"));

  const started = (): Promise<readonly number[]> =>
    until("the start of the script", async () => {
      const pids = await readFile(join(folder, "pids"), "utf8").catch(() => "");
      return pids.split("\n").length === 3 && pids.trim().split("\n").map(Number);
    });
  const isAlive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  test.each([
    ["that ends at SIGTERM", ""],
    ["that ignores SIGTERM", 'trap "" TERM; '],
  ])("ends a script %s, and its children, when stdin ends", async (_, trap) => {
    const script = `${trap}sleep 1000 & printf "$!\\n$$\\n" > ${folder}/pids; wait; wait`;
    const { shell, exited } = start({ script });
    const pids = await started();
    shell.stdin.end();
    await exited;
    await until("the end of the children", async () => !pids.some(isAlive));
  });

  test("ends what the script left running", async () => {
    const { shell, exited } = start({
      script: `sleep 1000 >/dev/null 2>&1 & printf "$!\\n$$\\n" > ${folder}/pids; exit 7`,
    });
    const pids = await started();
    expect(await exited).toEqual([7, null]);
    shell.stdin.end();
    await until("the end of the children", async () => !pids.some(isAlive));
  });
});

test.each([
  ["*.csv", "a.csv", true],
  ["*.csv", "acsv", false],
  ["a?.csv", "ab.csv", true],
  ["a?.csv", "a.csv", false],
  ["a[1].csv", "a[1].csv", true],
  ["*.csv", ".a.csv", false],
  ["?a.csv", ".a.csv", false],
  [".*.csv", ".a.csv", true],
  ["a*", "a.csv", true],
])("the file name %s and %s: %j", (pattern, name, matches) =>
  expect(fileName(pattern)(name)).toBe(matches),
);
