/**
 * The image of deploy/Dockerfile, built and run: a worker and a page in containers, a
 * scheduler and a worker as plain processes, and a deployment over HTTPS from a third
 * folder.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
// @ts-expect-error it is plain JavaScript, for the oldest Node
import { build, isBuilt } from "../../runtime/launch/build.mjs";
import { makeCertificate } from "../support/certificates.ts";
import { newProject, type Project, stopped } from "../support/cli.ts";
import { describeWith } from "../support/counterpart.ts";
import { freePort } from "../support/free_port.ts";
import { BASE, writeImageBase } from "../support/image_base.ts";
import { migratedDatabase, rows } from "../support/migrated.ts";
import { findPodman, type Podman, startPodman } from "../support/podman.ts";
import { until } from "../support/until.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TOKEN = "a-token-of-at-least-22-characters";
const IMAGE = "localhost/sales-dags:1";
/** What dagsmith and its packages may add to the base. */
const MOST_BYTES = 200_000_000;

const MANY = `import { dag } from "dagsmith";
const d = dag("many");
const each = d.task("each", { each: Array.from({ length: 498 }, (_, at) => at) }, ({ item }) => item);
const total = d.task("total", { inputs: { each } }, ({ inputs }) => inputs.each.length);
d.task("last", { inputs: { total } }, ({ inputs }) => inputs.total);
export default d;
`;

/** Prints the id of a process whose parent ends at once, and which ends soon after it. */
const ORPHAN = `import { execFileSync } from "node:child_process";
import { dag } from "dagsmith";
const d = dag("orphan");
d.task("leave", { queue: "orphans" }, () =>
  Number(execFileSync("sh", ["-c", "/bin/busybox sleep 1 >/dev/null & echo $!"], { encoding: "utf8" })),
);
export default d;
`;

/** Whether compose starts services under a process that collects ended ones. */
const compose = readFileSync(join(ROOT, "deploy/compose.yaml"), "utf8");
const INIT = /^ {2}init: true$/m.test(compose) ? ["--init"] : [];

const counterpart = process.env.TEST_IMAGE
  ? await findPodman()
  : { missing: "it takes minutes: set TEST_IMAGE=1" };

describeWith("the image", counterpart, () => {
  const postgres = migratedDatabase();
  let folder: string;
  let podman: Podman;
  let project: Project;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dagsmith-image-"));
    podman = await startPodman();
    await buildImage(folder, podman);
    project = await newProject({ "dags/many.ts": MANY }, { DATABASE_URL: postgres.db.url });
  }, 600_000);
  afterAll(async () => {
    await project?.remove();
    await podman?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const imageFact = (image: string, format: string) =>
    podman.podman("image", "inspect", "--format", format, image);

  /** @returns its name, when its health check succeeds */
  async function container(options: readonly string[], command: readonly string[]) {
    const port = String(await freePort());
    const env = { DATABASE_URL: postgres.db.url, DAG_METRICS_PORT: port, DAG_WEB_TOKEN: TOKEN };
    const settings = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
    const name = `${command[1]}-${port}`;
    const place = ["run", "--detach", "--network=host", ...INIT, "--name", name];
    await podman.podman(...place, ...settings, ...options, IMAGE, ...command);
    await until(`the health of ${name}`, () =>
      podman.podman("healthcheck", "run", name).then(
        () => true,
        () => false,
      ),
    );
    return name;
  }

  it("runs as node, and is small", async () => {
    expect(await imageFact(IMAGE, "{{.User}}")).toBe("node");
    const [size, base] = await Promise.all([IMAGE, BASE].map((one) => imageFact(one, "{{.Size}}")));
    expect(Number(size) - Number(base)).toBeLessThan(MOST_BYTES);
  });

  it("runs 500 tasks with plain processes, deployed over HTTPS, and stops in time", async () => {
    const { cert, key } = await makeCertificate("page");
    const tlsFolder = join(folder, "tls");
    await mkdir(tlsFolder);
    await writeFile(join(tlsFolder, "cert.pem"), cert);
    await writeFile(join(tlsFolder, "key.pem"), key);
    const port = String(await freePort());
    const tls = ["--volume", `${tlsFolder}:/tls:ro`, "--env", "DAG_TLS_CERTIFICATE=/tls/cert.pem"];
    const inContainers = await Promise.all([
      container([...tls, "--env", "DAG_TLS_KEY=/tls/key.pem"], ["dag", "web", "--port", port]),
      container([], ["dag", "worker", "--slots", "2"]),
    ]);
    const plain = [project.start(["scheduler"]), project.start(["worker", "--slots", "2"])];
    const deployed = await project.json(["deploy"], {
      env: {
        ...{ DAG_DEPLOY_TO: `https://127.0.0.1:${port}`, DAG_DEPLOY_TOKEN: TOKEN },
        NODE_EXTRA_CA_CERTS: join(tlsFolder, "cert.pem"),
      },
    });
    expect(deployed).toMatchObject({ deployed: [{ version: 1 }] });
    await until(
      "both workers",
      async () => (await rows(postgres.db, "select from dagsmith.worker")).length === 2,
    );
    expect(await project.json(["trigger", "many", "--wait"])).toMatchObject({
      run: { state: "success" },
    });
    expect(
      await rows(
        postgres.db,
        `select count(*)::int as tasks, count(distinct worker_id)::int as workers
         from dagsmith.task_instance where state = 'success'`,
      ),
    ).toEqual([{ tasks: 500, workers: 2 }]);
    await podman.podman("stop", "--time=30", ...inContainers);
    const codes = ["container", "inspect", "--format", "{{.State.ExitCode}}"];
    expect(await podman.podman(...codes, ...inContainers)).toBe("0\n0");
    expect(await Promise.all(plain.map(stopped))).toEqual([0, 0]);
  }, 300_000);

  it("keeps no process of a task that has ended", async () => {
    await project.write("dags/orphan.ts", ORPHAN);
    expect(await project.json(["deploy"])).toMatchObject({ deployed: expect.anything() });
    const worker = await container([], ["dag", "worker", "--slots", "1", "--queues", "orphans"]);
    expect(await project.json(["trigger", "orphan", "--wait"])).toMatchObject({
      run: { state: "success" },
    });
    const [row] = await rows<{ pid: string }>(
      postgres.db,
      "select value::text as pid from dagsmith.xcom where task_id = 'leave'",
    );
    const processes = async () => (await podman.podman("exec", worker, "ls", "/proc")).split("\n");
    expect(row?.pid).toMatch(/^\d+$/);
    await until("the end of the orphan", async () => !(await processes()).includes(row?.pid ?? ""));
    await podman.podman("stop", "--time=30", worker);
  }, 300_000);
});

/** A project that has dagsmith as a packed file, as the Dockerfile says. */
async function buildImage(folder: string, { podman }: Podman): Promise<void> {
  await writeImageBase(join(folder, "base"));
  await run("tar", ["-C", join(folder, "base"), "-cf", join(folder, "base.tar"), "."]);
  await podman("import", "--change", "ENV PATH=/usr/bin:/bin", join(folder, "base.tar"), BASE);
  const project = join(folder, "project");
  await mkdir(join(project, "dags"), { recursive: true });
  for (const file of ["Dockerfile", ".dockerignore"])
    await copyFile(join(ROOT, "deploy", file), join(project, file));
  if (!isBuilt(ROOT)) build(ROOT, process.execPath);
  const packed = await run("npm", ["pack", "--ignore-scripts", "--pack-destination", project], {
    cwd: ROOT,
  });
  const dagsmith = `file:${packed.stdout.trim()}`;
  const settings = { name: "sales-dags", private: true, dependencies: { dagsmith } };
  await writeFile(join(project, "package.json"), JSON.stringify(settings));
  await run("npm", ["install", "--package-lock-only", "--omit=dev"], { cwd: project });
  const options = ["--format=docker", "--network=host", `--build-arg=BASE=${BASE}`];
  await podman("build", "--quiet", ...options, "--tag", IMAGE, project);
}
