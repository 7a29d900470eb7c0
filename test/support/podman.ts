/**
 * Podman, whose service speaks Docker's API: installed from Debian when it is missing and
 * this is root, with storage and an image of its own, made from busybox.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Counterpart } from "./counterpart.ts";
import { until } from "./until.ts";

const run = promisify(execFile);

/**
 * crun, the default runtime of Debian, refuses the control groups of many test machines.
 * catatonit is what `podman run --init` puts before the command.
 */
const PACKAGES = ["podman", "runc", "netavark", "busybox-static", "catatonit"];
const COMMANDS = ["sh", "cat", "echo", "sleep", "mkdir", "ls", "id", "env", "tr", "wc", "rm"];

const CONFIGURATION = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
`;

/** The image of {@link startPodman}. */
export const IMAGE = "dagsmith/busybox:1";

export interface Podman {
  /** For DOCKER_HOST. */
  readonly host: string;
  /** Runs `podman …args` on the same storage. @returns its stdout */
  podman(...args: readonly string[]): Promise<string>;
  /** The ids of all containers. */
  containers(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Only root may run containers here. */
export async function findPodman(): Promise<Counterpart<"podman">> {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return { missing: "containers need root on Linux" };
  try {
    if (!(await isInstalled())) await install();
    await probe();
    return { found: "podman" };
  } catch (error) {
    return { missing: `podman cannot be used: ${String(error).slice(0, 300)}` };
  }
}

async function isInstalled(): Promise<boolean> {
  const names = ["podman", "runc", "busybox", "catatonit"];
  const found = names.map((name) =>
    run("sh", ["-c", `command -v ${name}`]).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(found)).every(Boolean);
}

async function install(): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update"], { env });
  const options = ["-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
  await run("apt-get", ["install", ...options, ...PACKAGES], { env, maxBuffer: 64 << 20 });
}

/** Whether a container runs here at all. */
async function probe(): Promise<void> {
  const podman = await startPodman();
  try {
    await podman.podman("run", "--rm", "--network=none", IMAGE, "echo", "hello");
  } finally {
    await podman.stop();
  }
}

/** @param insecure a registry on this machine that speaks plain HTTP; default: none */
export async function startPodman(insecure?: string): Promise<Podman> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-podman-"));
  await writeFile(join(folder, "containers.conf"), CONFIGURATION);
  const registries = join(folder, "registries.conf");
  if (insecure !== undefined)
    await writeFile(registries, `[[registry]]\nlocation = "${insecure}"\ninsecure = true\n`);
  const env = {
    ...process.env,
    CONTAINERS_CONF: join(folder, "containers.conf"),
    ...(insecure !== undefined && { CONTAINERS_REGISTRIES_CONF: registries }),
  };
  const storage = ["--storage-driver=vfs", "--root", join(folder, "root")];
  // With its own state, it shares no locks with another Podman of the machine.
  const place = [...storage, "--runroot", join(folder, "run"), "--tmpdir", join(folder, "tmp")];
  const podman = async (...args: readonly string[]): Promise<string> =>
    (await run("podman", [...place, ...args], { env, cwd: folder })).stdout.trim();
  await importImage(folder, podman);
  const socket = `unix://${join(folder, "podman.sock")}`;
  const service = spawn("podman", [...place, "system", "service", "--time=0", socket], {
    // It leaves files in its folder when a container is out of memory.
    ...{ env, cwd: folder, stdio: "ignore" },
  });
  const exited = once(service, "exit");
  await until("the start of podman", () => answers(join(folder, "podman.sock")));
  const containers = async () =>
    (await podman("ps", "--all", "--quiet")).split("\n").filter((id) => id !== "");
  return {
    ...{ host: socket, podman, containers },
    stop: async () => {
      service.kill();
      await exited;
      const left = await containers();
      if (left.length > 0) await podman("rm", "--force", "--time=0", ...left);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(socketPath: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  get({ socketPath, path: "/_ping" }, (response) => {
    response.resume();
    resolve(response.statusCode === 200);
  }).on("error", () => resolve(false));
  return promise;
}

async function importImage(
  folder: string,
  podman: (...args: readonly string[]) => Promise<unknown>,
): Promise<void> {
  const image = join(folder, "image");
  await mkdir(join(image, "bin"), { recursive: true });
  await copyFile("/bin/busybox", join(image, "bin", "busybox"));
  for (const command of COMMANDS) await symlink("busybox", join(image, "bin", command));
  await mkdir(join(image, "work"));
  const archive = join(folder, "image.tar");
  await run("tar", ["-C", image, "-cf", archive, "."]);
  await podman("import", "--change", "WORKDIR /work", archive, IMAGE);
}
