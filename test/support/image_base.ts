/**
 * The base of an image: this Node, npm, the libraries that they need, and busybox. It has
 * what docs and the Dockerfile use of docker.io/library/node, which tests cannot reach.
 */
import { execFile } from "node:child_process";
import { chown, copyFile, cp, mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** The user `node` of the official image. */
const NODE_USER = 1000;
const COMMANDS = ["sh", "env", "mkdir", "chown", "ls", "rm", "cat"];

export const BASE = "localhost/dagsmith-node:1";

/** Makes the files of the base below `root`. */
export async function writeImageBase(root: string): Promise<void> {
  for (const folder of ["bin", "usr/bin", "usr/lib", "etc", "root", "tmp", "home/node"])
    await mkdir(join(root, folder), { recursive: true });
  await copyFile("/bin/busybox", join(root, "bin/busybox"));
  for (const command of COMMANDS) await symlink("/bin/busybox", join(root, "usr/bin", command));
  await symlink("/usr/bin/sh", join(root, "bin/sh"));
  await copyFile(process.execPath, join(root, "usr/bin/node"));
  for (const library of await librariesOf(process.execPath)) await copyInto(root, library);
  await copyNpm(root);
  await writeSettings(root);
  await chown(join(root, "home/node"), NODE_USER, NODE_USER);
}

async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await run("ldd", [program]);
  return [...stdout.matchAll(/(\/[^\s]+) \(0x/g)].flatMap(([, path]) => path ?? []);
}

async function copyInto(root: string, path: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await copyFile(await realpath(path), join(root, path));
}

async function copyNpm(root: string): Promise<void> {
  const { stdout } = await run("sh", ["-c", "command -v npm"]);
  const npm = dirname(dirname(await realpath(stdout.trim())));
  await cp(npm, join(root, "usr/lib/npm"), { recursive: true });
  await symlink("../lib/npm/bin/npm-cli.js", join(root, "usr/bin/npm"));
}

async function writeSettings(root: string): Promise<void> {
  const home = "/home/node";
  await writeFile(
    join(root, "etc/passwd"),
    `root:x:0:0::/root:/bin/sh\nnode:x:${NODE_USER}:${NODE_USER}::${home}:/bin/sh\n`,
  );
  await writeFile(join(root, "etc/group"), `root:x:0:\nnode:x:${NODE_USER}:\n`);
  await copyInto(root, "/etc/ssl/certs/ca-certificates.crt");
  await writeFile(join(root, "root/.npmrc"), "cafile=/etc/ssl/certs/ca-certificates.crt\n");
}
