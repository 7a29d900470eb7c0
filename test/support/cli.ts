/**
 * The `dag` command as a real process, from source, in a project folder of its own and
 * with nothing in its environment but what is given.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { misfits } from "./documents.ts";

/** The name of who runs `dag` here, as the audit has it. */
export const CLI_ACTOR = `${userInfo().username}@${hostname()}`;

const BIN = fileURLToPath(new URL("../../runtime/cli/bin.ts", import.meta.url));
const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Project {
  readonly folder: string;
  /** Writes a file; a DAG file goes under `dags/`. */
  write(path: string, content: string): Promise<void>;
  /** Runs `dag …args` to its end. */
  dag(args: readonly string[], options?: CommandOptions): Promise<CliResult>;
  /** The document of `dag …args --json`: all of stdout, and as `dag schema` describes it. */
  json<Document = Record<string, unknown>>(
    args: readonly string[],
    options?: CommandOptions,
  ): Promise<Document>;
  /** Starts `dag …args` and leaves it running; it is killed with the project. */
  start(args: readonly string[], options?: CommandOptions): ChildProcess;
  /** Kills what still runs and deletes the folder. */
  remove(): Promise<void>;
}

interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** What is run: default the source's own `dag`. */
  readonly bin?: string;
  /** Runs it on a terminal of its own. Only where {@link HAS_TERMINAL}. */
  readonly onTerminal?: boolean;
}

/** Whether this machine has the program that runs another one on a terminal. */
export const HAS_TERMINAL = (
  spawnSync("script", ["--version"], { encoding: "utf8" }).stdout ?? ""
).includes("util-linux");

/** The command line of `script` that runs a command on a terminal, and ends as it ends. */
function onTerminal(command: readonly string[]): readonly string[] {
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  return ["script", "--quiet", "--return", "--command", quoted, "/dev/null"];
}

/** Asks a service to stop, and waits until it has. @returns its exit code */
export async function stopped(service: ChildProcess): Promise<number | null> {
  const ended = once(service, "exit");
  service.kill("SIGTERM");
  return (await ended)[0];
}

/** @param env given to every command of the project */
export async function newProject(
  files: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-cli-"));
  // As root, PostgreSQL runs as another user and would keep its data elsewhere if it
  // could not enter this folder.
  await chmod(folder, 0o755);
  const running = new Set<ChildProcess>();
  const launch = (args: readonly string[], options: CommandOptions = {}): ChildProcess => {
    const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
    const command = [process.execPath, options.bin ?? BIN, ...args];
    const [program, ...words] = options.onTerminal ? onTerminal(command) : command;
    const child = spawn(program!, words, {
      cwd: folder,
      // Tests read the lines that people see.
      env: { PATH, HOME, NODE_COMPILE_CACHE, DAG_LOG_FORMAT: "text", ...env, ...options.env },
      stdio: "pipe",
    });
    running.add(child);
    child.once("exit", () => running.delete(child));
    return child;
  };
  const project: Project = {
    folder,
    start: (args, options) => {
      const child = launch(args, options);
      listenTo(child);
      return child;
    },
    write: async (path, content) => {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    },
    dag: async (args, options = {}) => {
      const child = launch(args, options);
      child.stdin?.end(options.input ?? "");
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout!),
        text(child.stderr!),
        once(child, "exit"),
      ]);
      return { code: code as number | null, stdout, stderr };
    },
    json: async (args, options) => {
      const { stdout, stderr } = await project.dag([...args, "--json"], options);
      if (stdout === "") throw new Error(`nothing on stdout; on stderr: ${stderr}`);
      const document = JSON.parse(stdout);
      const wrong = await misfits(args, document);
      if (wrong !== "") throw new Error(`dag ${args.join(" ")} printed ${stdout}: ${wrong}`);
      return document;
    },
    remove: async () => {
      await Promise.all(
        [...running].map((child) => {
          child.kill("SIGKILL");
          return once(child, "exit");
        }),
      );
      await rm(folder, { recursive: true, force: true });
    },
  };
  await symlink(MODULES, join(folder, "node_modules"));
  for (const [path, content] of Object.entries(files)) await project.write(path, content);
  return project;
}

/**
 * What a process has written to stdout and stderr, and how much of it a test has waited
 * for.
 */
interface Written {
  text: string;
  waitedFor: number;
}

const writtenBy = new WeakMap<ChildProcess, Written>();

/**
 * From its start on: nothing is missed between two waits, and a full pipe never stops it.
 */
function listenTo(child: ChildProcess): void {
  const written: Written = { text: "", waitedFor: 0 };
  writtenBy.set(child, written);
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      written.text += chunk.toString();
    });
}

/**
 * Waits until a process that the project started has written `expected` to stdout or
 * stderr, after what was waited for before.
 * @returns what it has written since then
 */
export function output(child: ChildProcess, expected: string | RegExp): Promise<string> {
  const written = writtenBy.get(child)!;
  const from = written.waitedFor;
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const seen = written.text.slice(from);
      const end = endOf(seen, expected);
      if (end === undefined) return;
      written.waitedFor = Math.max(written.waitedFor, from + end);
      resolve(seen);
    };
    look();
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", look);
    child.once("close", (code) =>
      reject(
        new Error(`it ended with ${code} and never wrote ${expected}; it wrote:\n${written.text}`),
      ),
    );
  });
}

/** Where the first match ends. */
function endOf(text: string, expected: string | RegExp): number | undefined {
  const found =
    typeof expected === "string" ? [expected] : (expected.exec(text) as readonly string[] | null);
  const at = found ? text.indexOf(found[0]!) : -1;
  return found && at >= 0 ? at + found[0]!.length : undefined;
}
