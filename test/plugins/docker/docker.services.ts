/** Containers on a real engine: Podman, which speaks Docker's API. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dag, parseConnection } from "dagsmith";
import { connectionTypes, type DockerOptions, docker } from "dagsmith/plugins/docker";
import { type RunTaskOptions, runDag, runTask, testFile } from "dagsmith/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { triggerRun } from "../../../runtime/actions/trigger.ts";
import { startScheduler } from "../../../runtime/scheduler/service.ts";
import { describeWith } from "../../support/counterpart.ts";
import { dagFolder } from "../../support/dag-folder.ts";
import { type ImageRegistry, startImageRegistry } from "../../support/image_registry.ts";
import { migratedDatabase } from "../../support/migrated.ts";
import { startService } from "../../support/node_process.ts";
import { findPodman, IMAGE, type Podman, startPodman } from "../../support/podman.ts";
import { until } from "../../support/until.ts";
import { deploy, runEnd } from "../../support/worker.ts";

describeWith("Podman", await findPodman(), () => {
  let engine: Podman;
  let folder: string;
  beforeAll(async () => {
    engine = await startPodman();
  });
  afterAll(() => engine?.stop());
  beforeEach(async () => {
    vi.stubEnv("DOCKER_HOST", engine.host);
    folder = await mkdtemp(join(tmpdir(), "docker-test-"));
  });
  afterEach(async () => {
    // Whatever a test did, its containers are gone.
    expect(await engine.containers()).toEqual([]);
    await rm(folder, { recursive: true });
  });

  const sh = (script: string, options: Partial<DockerOptions> = {}) =>
    docker({ image: IMAGE, network: "none", command: ["sh", "-euc", script], ...options });
  const failureOf = (work: Promise<unknown>): Promise<Error> =>
    work.then(
      () => expect.unreachable("it succeeded"),
      (error: Error) => error,
    );
  const gate = () => [{ source: folder, target: "/gate" }];
  const opened = async () =>
    until("the start of the container", async () => existsSync(join(folder, "started")));

  describe("a container that fails", () => {
    it("fails the try with its exit code and its last lines", async () => {
      const error = await failureOf(runTask(sh("echo so far; echo 'no such table' >&2; exit 3")));
      expect(error).toMatchObject({ name: "ProcessError", code: "COMMAND_FAILED" });
      expect(error.message).toMatch(
        /^The container of dagsmith\/busybox:1 exited with code 3\. Its last lines:\n/,
      );
      expect(error.message).toContain("no such table");
    });

    it.each([
      [
        "a command that does not exist",
        { command: ["no-such-program"] },
        /no-such-program/,
        "ENGINE_REFUSED",
      ],
      [
        "a command that is no program",
        { command: ["/etc"] },
        /permission denied/,
        "ENGINE_REFUSED",
      ],
      [
        "a code of failOn",
        { command: ["sh", "-c", "exit 4"], failOn: [4] },
        /code 4/,
        "COMMAND_FAILED",
      ],
      [
        "a code that retryOn does not name",
        { command: ["sh", "-c", "exit 4"], retryOn: [] },
        /4/,
        "COMMAND_FAILED",
      ],
      ["a network that does not exist", { network: "absent" }, /network/, "ENGINE_REFUSED"],
      [
        "an image that is not there",
        { image: "dagsmith/absent:1", pullPolicy: "never" as const },
        /^The image dagsmith\/absent:1 is not on the engine.*Build or load it/,
        "IMAGE_NOT_FOUND",
      ],
      [
        "a text that names no image",
        { image: "a/../../containers/b" },
        /is not the name of an image/,
        "INVALID_IMAGE",
      ],
    ])("is not retried after %s", async (_, options, message, code) => {
      const error = await failureOf(runTask(sh("true", options)));
      expect(error.message).toMatch(message);
      expect(error).toMatchObject({ name: "FailTask", code });
    });

    it.each([
      ["by Airflow's code", sh("exit 99")],
      ["by a code of its own", sh("exit 7", { skipOn: [7] })],
    ])("skips the task %s", async (_, task) => {
      expect(await failureOf(runTask(task))).toMatchObject({ name: "SkipTask" });
    });

    it("says where its memory ends", async () => {
      const task = sh("x=a; while :; do x=$x$x; done", { resources: { memory: "32m" } });
      const error = await failureOf(runTask(task));
      expect(error.name).toBe("ProcessError");
      expect(error.message).toMatch(/out of memory\. Its limit is 32m: raise resources\.memory/);
    });

    it("is retried when the registry of its image does not answer", async () => {
      const error = await failureOf(runTask(sh("true", { image: "127.0.0.1:1/absent:1" })));
      expect(error).toMatchObject({ name: "Error", code: "IMAGE_NOT_PULLED" });
      expect(error.message).toMatch(/cannot be pulled: .*Check that the engine reaches/);
    });
  });

  describe("the output", () => {
    it.each([
      ["JSON", `echo '{"rows": 3}' > "$DAGSMITH_OUTPUT"`, { rows: 3 }],
      ["text that is no JSON", `echo done > "$DAGSMITH_OUTPUT"`, "done"],
      ["nothing", "echo 12", null],
    ])("is what the container wrote to its file: %s", async (_, script, output) => {
      expect((await runTask(sh(script))).output).toEqual(output);
    });

    it("is the last line of stdout with a schema, and is checked", async () => {
      const rows = docker({
        ...{ image: IMAGE, network: "none", command: ["echo", "3"] },
        output: z.coerce.number(),
      });
      expect((await runTask(rows)).output).toBe(3);
      const wrong = docker({
        ...{ image: IMAGE, network: "none", command: ["echo", "many"] },
        output: z.coerce.number(),
      });
      expect(await failureOf(runTask(wrong))).toMatchObject({ name: "FailTask" });
    });
  });

  describe("the task in the container", () => {
    it("gets the inputs, the params and values of the context, and no host variable", async () => {
      const options: RunTaskOptions = {
        inputs: { repo: "a b" },
        params: { day: 3 },
        logicalDate: "2026-03-01T00:00:00Z",
        tryNumber: 2,
      };
      const task = sh(`cat "$DAGSMITH_INPUT" > "$DAGSMITH_OUTPUT"; echo "$DAY $HOST"; env`, {
        env: { DAY: ({ logicalDate }) => logicalDate.toISODate(), HOST: "$(id)" },
      });
      const { output, log } = await runTask(task, options);
      expect(output).toMatchObject({ inputs: { repo: "a b" }, params: { day: 3 }, tryNumber: 2 });
      expect(log[0]?.text).toBe("2026-03-01 $(id)");
      expect(log.map(({ text }) => text)).not.toContainEqual(
        expect.stringContaining("DOCKER_HOST"),
      );
    });

    it("logs each line at the level of its stream, however many there are", async () => {
      const { log } = await runTask(
        sh("echo one; echo two >&2; i=0; while [ $i -lt 5000 ]; do echo $i; i=$((i+1)); done"),
      );
      expect(log).toContainEqual({ level: "info", text: "one" });
      expect(log).toContainEqual({ level: "warn", text: "two" });
      expect(log).toHaveLength(5002);
      expect(log.at(-1)?.text).toBe("4999");
    });

    it("reads files by path, and leaves files for other tasks", async () => {
      const csv = testFile("a b.csv", "1,2\n");
      const script = `cat /dagsmith/files/*/* > /work/out.csv; echo x > made.txt`;
      const task = docker({
        ...{ image: IMAGE, network: "none", command: ["sh", "-euc", script] },
        files: ["/work/out.csv", "made.txt"],
      });
      const d = dag("files");
      const source = d.task("source", ({ files }) => files.put("a b.csv", "1,2\n"));
      const made = d.task("make", { inputs: { source } }, task);
      d.task("use", { inputs: { made } }, async ({ files, inputs }) => [
        await files.text(inputs.made.files["/work/out.csv"]),
        await files.text(inputs.made.files["made.txt"]),
      ]);
      const run = await runDag(d);
      expect(run.tasks.map(({ error }) => error)).toEqual([null, null, null]);
      expect(run.xcom("use")).toEqual(["1,2\n", "x\n"]);
      const { output } = await runTask(
        sh(`cat "$DAGSMITH_INPUT" > "$DAGSMITH_OUTPUT"; cat /dagsmith/files/*/*`),
        { inputs: { deep: [{ csv: csv.ref }] }, files: [csv] },
      );
      expect(output).toMatchObject({
        inputs: {
          deep: [{ csv: { path: expect.stringMatching(/^\/dagsmith\/files\/.*a b\.csv$/) } }],
        },
      });
    });

    it("is refused with the name of a file that it did not make, and of a folder", async () => {
      for (const name of ["gone.csv", "/bin"]) {
        const task = docker({
          ...{ image: IMAGE, network: "none", command: ["echo"] },
          files: [name],
        });
        const error = await failureOf(runTask(task));
        expect(error).toMatchObject({ name: "FailTask" });
        expect(error.message).toContain(`did not make the file "${name}"`);
      }
    });

    it("sees folders of the machine, and cannot write into one that is read-only", async () => {
      await writeFile(join(folder, "in.txt"), "from outside");
      const read = sh("cat /data/in.txt", {
        mounts: [{ source: folder, target: "/data", readOnly: true }],
      });
      expect((await runTask(read)).log[0]?.text).toBe("from outside");
      const write = sh("echo x > /data/out.txt", {
        mounts: [{ source: folder, target: "/data", readOnly: true }],
      });
      expect((await failureOf(runTask(write))).message).toContain("Read-only");
    });
  });

  describe("an image in a registry that needs a login", () => {
    let registry: ImageRegistry;
    let client: Podman;
    let files: string;
    beforeAll(async () => {
      files = await mkdtemp(join(tmpdir(), "docker-image-"));
      await engine.podman("push", IMAGE, `dir:${files}`);
      registry = await startImageRegistry({
        ...{ name: "acme/loader", folder: files, login: "ann", password: "s3cret-of-ann" },
      });
      client = await startPodman(registry.address);
    });
    afterAll(async () => {
      await client?.stop();
      await registry?.close();
      await rm(files, { recursive: true });
    });
    const pulled = (password: string | null, tag = "3", name = "acme/loader") => {
      const connections = {
        registry: { type: "docker", host: registry.address, login: "ann", password },
      };
      vi.stubEnv("DOCKER_HOST", client.host);
      const login = password === null ? {} : { registry: "registry" };
      const image = `${registry.address}/${name}:${tag}`;
      return runTask(sh("echo pulled", { image, ...login }), { connections });
    };

    it("is pulled with the login of a connection, and once", async () => {
      expect((await pulled("s3cret-of-ann")).log).toEqual([{ level: "info", text: "pulled" }]);
      expect((await pulled("wrong")).log).toEqual([{ level: "info", text: "pulled" }]);
    });

    it.each([
      ["without a login", null, /name a connection with a login in the option registry/],
      ["with a wrong login", "wrong", /Check the login of connection "registry"/],
    ])("is not retried %s, and no error has the password", async (_, password, message) => {
      const error = await failureOf(pulled(password, "4"));
      expect(error.name).toBe("FailTask");
      expect(error.message).toMatch(message);
      expect(error.message).not.toContain("s3cret");
    });

    // Podman logs in over TLS only, which this registry does not speak.
    it("says why the engine cannot log in with a connection", async () => {
      vi.stubEnv("DOCKER_HOST", client.host);
      const uri = `docker://ann:s3cret-of-ann@${registry.address}`;
      const context = { signal: new AbortController().signal, log: console };
      const test = connectionTypes[0]!.test(parseConnection("registry", uri), context);
      const { message } = await failureOf(test);
      expect(message).toContain(`cannot log in to the registry ${registry.address}: login attempt`);
      expect(message).not.toContain("s3cret");
    });

    it("is not retried when the registry does not have it", async () => {
      const error = await failureOf(pulled("s3cret-of-ann", "3", "acme/absent"));
      expect(error.name).toBe("FailTask");
      expect(error.message).toMatch(/manifest unknown.*Check its name and its tag/s);
    });
  });

  describe("a try that is stopped", () => {
    it("lets the container tidy up, and removes it", async () => {
      const abort = new AbortController();
      const script = `trap 'echo x > /gate/tidied; exit 1' TERM; echo x > /gate/started; while :; do sleep 0.1; done`;
      const failure = failureOf(runTask(sh(script, { mounts: gate() }), { signal: abort.signal }));
      await opened();
      abort.abort(new Error("cancelled by a person"));
      expect((await failure).message).toBe("cancelled by a person");
      expect(await readFile(join(folder, "tidied"), "utf8")).toBe("x\n");
    });

    it("kills a container that does not listen", async () => {
      const abort = new AbortController();
      const script = `trap '' TERM; echo x > /gate/started; while :; do sleep 0.1; done`;
      const failure = failureOf(runTask(sh(script, { mounts: gate() }), { signal: abort.signal }));
      await opened();
      abort.abort(new Error("timed out"));
      expect((await failure).message).toBe("timed out");
    });
  });

  describe("a container that a dead worker left", () => {
    const postgres = migratedDatabase();

    it("is removed by the next try, which does the work", async () => {
      const scheduler = startScheduler({ db: postgres.db, log: () => undefined });
      try {
        await deploy(postgres.db, await dagFolder({ "dying.ts": dyingDag(folder) }));
        const env = { DATABASE_URL: postgres.db.url, DOCKER_HOST: engine.host };
        const victim = await startService("worker", env);
        const { id } = await triggerRun(postgres.db, { dagId: "dying", actor: "ann" });
        await opened();
        const [left] = await engine.containers();
        await victim.end("SIGKILL");
        expect(await engine.containers()).toEqual([left]);
        await startService("worker", env);
        const run = await runEnd(postgres.db, id);
        expect(run.task("load")).toMatchObject({ state: "success", tryNumber: 2, output: 2 });
      } finally {
        await scheduler.stop();
      }
    });

    it("is removed by any later task on its machine, and one of a live process is not", async () => {
      const label = async (owner: string) =>
        engine.podman(
          ...["create", "--network=none", `--label=dagsmith.owner=${owner}`],
          ...["--label=dagsmith.task=old", "--label=dagsmith.try=1", IMAGE, "true"],
        );
      const owner = await ownerOfTask();
      const [machine, pid] = owner.split("/");
      const orphan = await label(`${machine}/${pid}/1`);
      const [alive, foreign] = [await label(owner), await label(`elsewhere/${pid}/1`)];
      await runTask(sh("true"));
      const kept = await engine.podman("ps", "--all", "--quiet", "--no-trunc");
      await engine.podman("rm", alive, foreign);
      expect(kept.split("\n").sort()).toEqual([alive, foreign].sort());
      expect(kept).not.toContain(orphan);
    });

    /** What a container of this process has as the label of its owner. */
    async function ownerOfTask(): Promise<string> {
      const script = "echo x > /gate/started; while [ ! -e /gate/open ]; do sleep 0.1; done";
      const run = runTask(sh(script, { mounts: gate() }));
      await opened();
      const [id = ""] = await engine.containers();
      const owner = await engine.podman(
        ...["inspect", "--format", '{{index .Config.Labels "dagsmith.owner"}}', id],
      );
      await writeFile(join(folder, "open"), "");
      await run;
      return owner;
    }
  });
});

/** Its first container waits for ever; the second writes the number of its try. */
const dyingDag = (folder: string) => `
import { dag, parseConnection } from "dagsmith";
import { docker } from "dagsmith/plugins/docker";
const d = dag("dying");
const script = 'if [ "$DAGSMITH_TRY_NUMBER" = 1 ]; then echo x > /gate/started; while :; do sleep 0.1; done; fi; echo 2 > "$DAGSMITH_OUTPUT"';
d.task("load", docker({
  image: "${IMAGE}",
  network: "none",
  command: ["sh", "-euc", script],
  mounts: [{ source: ${JSON.stringify(folder)}, target: "/gate" }],
}));
export default d;
`;
