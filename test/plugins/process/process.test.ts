import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DagsmithError, dag, type FileRef } from "dagsmith";
import { exec, ProcessError, python, sh, shell } from "dagsmith/plugins/process";
import { type RunTaskOptions, runDag, runTask, testFile } from "dagsmith/testing";
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { z } from "zod";
import { failure } from "../../../runtime/child/ending.ts";
import { isAlive } from "../../support/processes.ts";
import { until } from "../../support/until.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "process-test-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => expect.unreachable("it succeeded"),
    (error: Error) => error,
  );
}

describe("the output", () => {
  test.each([
    ["JSON", `echo '{"rows": 3}' > "$DAGSMITH_OUTPUT"`, { rows: 3 }],
    ["text that is no JSON", `echo done > "$DAGSMITH_OUTPUT"`, "done"],
    ["nothing", "echo 12", null],
  ])("is what the process wrote to its file: %s", async (_, script, output) => {
    expect((await runTask(shell(script))).output).toEqual(output);
  });

  test.each([
    ["the file", 'echo 3 > "$DAGSMITH_OUTPUT"; echo 4'],
    ["the last line of stdout", "echo 1; echo 3; echo; echo 9 >&2"],
  ])("is read from %s when there is a schema", async (_, script) => {
    const { output } = await runTask(shell(script, { output: z.coerce.number() }));
    expect(output).toBe(3);
  });

  test("that does not fit fails the task, with the place in it", async () => {
    const task = shell(`echo '{"rows": "many"}' > "$DAGSMITH_OUTPUT"`, {
      output: z.object({ rows: z.number() }),
    });
    expect(await failureOf(runTask(task))).toMatchObject({
      name: "FailTask",
      code: "INVALID_OUTPUT",
      message: expect.stringMatching(/^The output \{"rows":"many"\} does not fit: rows: /),
    });
  });

  test("that is broken JSON is text, which fits no schema of an object", async () => {
    const output = z.object({ rows: z.number() });
    const task = shell(`echo '{"rows": 3' > "$DAGSMITH_OUTPUT"`, { output });
    expect(await failureOf(runTask(task))).toMatchObject({
      code: "INVALID_OUTPUT",
      message: expect.stringMatching(/^The output "\{\\"rows\\": 3" does not fit: /),
    });
  });

  test("of more than 64 MiB is refused before it is read", async () => {
    const task = shell('truncate -s 67108865 "$DAGSMITH_OUTPUT"');
    expect(await failureOf(runTask(task))).toMatchObject({
      code: "OUTPUT_TOO_LARGE",
      message: expect.stringMatching(/^The process wrote 67108865 bytes to \$DAGSMITH_OUTPUT; /),
    });
  });
});

describe("files", () => {
  test("that are named become references besides the output, typed by their names", async () => {
    const d = dag("files");
    const made = d.task(
      "make",
      shell("mkdir out; echo a,b > out/a.csv; : > b.txt; echo 7", {
        output: z.coerce.number(),
        files: ["out/a.csv", "b.txt"],
      }),
    );
    d.task("use", { inputs: { made } }, async ({ files, inputs: { made } }) => {
      expectTypeOf(made.output).toEqualTypeOf<number>();
      expectTypeOf(made.files).toEqualTypeOf<{
        readonly "out/a.csv": FileRef;
        readonly "b.txt": FileRef;
      }>();
      return [made.output, await files.text(made.files["out/a.csv"]), made.files["b.txt"].size];
    });
    expect((await runDag(d)).xcom("use")).toEqual([7, "a,b\n", 0]);
  });

  test("that the process did not make fail the task with their name", async () => {
    const failure = await failureOf(runTask(shell("true", { files: ["gone.csv"] })));
    expect(failure).toMatchObject({
      name: "FailTask",
      code: "FILE_NOT_MADE",
      message: 'The process did not make the file "gone.csv", which the option files names.',
    });
  });

  test("among the inputs, however deep, are read by path", async () => {
    const csv = testFile("a.csv", "1,2");
    const script = `node -e 'const { inputs } = JSON.parse(require("fs").readFileSync(process.env.DAGSMITH_INPUT)); console.log(require("fs").readFileSync(inputs.deep[0].csv.path, "utf8"))' > "$DAGSMITH_OUTPUT"`;
    const { output } = await runTask(shell(script), {
      inputs: { deep: [{ csv: csv.ref }] },
      files: [csv],
    });
    expect(output).toBe("1,2");
  });
});

test("the process gets the inputs, params and dates of its task", async () => {
  const script = `cat "$DAGSMITH_INPUT" > "$DAGSMITH_OUTPUT"; echo "$DAGSMITH_LOGICAL_DATE $DAGSMITH_TRY_NUMBER"`;
  const { output, log } = await runTask(shell(script), {
    inputs: { repo: "a b" },
    params: { day: 3 },
    logicalDate: "2026-03-01T00:00:00Z",
    tryNumber: 2,
  });
  expect(output).toMatchObject({ inputs: { repo: "a b" }, params: { day: 3 }, tryNumber: 2 });
  expect(log.map(({ text }) => text)).toEqual(["2026-03-01T00:00:00.000Z 2"]);
});

test("values come from the context, and the environment too", async () => {
  const task = shell(
    ({ params }) => sh`printf '%s %s' ${(params as { name: string }).name} "$DAY"`,
    {
      env: { DAY: ({ logicalDate }) => logicalDate.toISODate(), HOME: null },
      output: z.string(),
    },
  );
  const options: RunTaskOptions = {
    params: { name: "$(id)" },
    logicalDate: "2026-03-01T00:00:00Z",
  };
  expect((await runTask(task, options)).output).toBe("$(id) 2026-03-01");
});

test("the process reads its stdin, and an empty one when none is given", async () => {
  const task = exec(["tr", "a-z", "A-Z"], { stdin: () => "abc", output: z.string() });
  expect((await runTask(task)).output).toBe("ABC");
  expect((await runTask(exec(["cat"]))).output).toBe(null);
});

test("arguments of a program are read by no shell", async () => {
  const task = exec(() => ["printf", "%s", "$(id); *", 3], { output: z.string() });
  expect((await runTask(task)).log.map(({ text }) => text)).toEqual(["$(id); *3"]);
});

describe("the folder", () => {
  test("is empty and new for each try, and is removed with all in it", async () => {
    const { log } = await runTask(shell("ls -A; touch left; pwd"));
    expect(log).toHaveLength(1);
    expect(existsSync(log[0]?.text ?? "/")).toBe(false);
  });

  test("is one that the task names", async () => {
    const { log } = await runTask(shell("pwd -P", { cwd: () => folder }));
    expect(log.map(({ text }) => text)).toEqual([folder]);
  });

  test("that does not exist fails the task", async () => {
    const error = await failureOf(runTask(shell("pwd", { cwd: join(folder, "absent") })));
    expect(error).toMatchObject({ name: "FailTask", code: "COMMAND_NOT_STARTED" });
    expect(error.message).toMatch(/its folder .*absent does not exist\. Create it/);
  });
});

describe("the log", () => {
  test("has each line as it was written, at the level of its stream", async () => {
    const script = "echo one; sleep 0.1; echo two >&2; sleep 0.1; printf 'no end'";
    const { log } = await runTask(shell(script));
    expect(log).toEqual([
      { level: "info", text: "one" },
      { level: "warn", text: "two" },
      { level: "info", text: "no end" },
    ]);
  });

  test("takes other levels", async () => {
    const task = shell("echo one; echo two >&2", {
      logLevels: { stdout: "debug", stderr: "info" },
    });
    expect(new Set((await runTask(task)).log.map(({ level }) => level))).toEqual(
      new Set(["debug", "info"]),
    );
  });

  test.each([
    ["a progress bar has its last state", String.raw`printf '10%%\r50%%\r100%%\n'`, ["100%"]],
    ["Windows line ends are line ends", String.raw`printf 'a\r\nb\r\n'`, ["a", "b"]],
    ["colours are removed", String.raw`printf '\033[31mred\033[0m\n'`, ["red"]],
    [
      "a character that comes in two parts is one character",
      String.raw`printf '\xc3'; sleep 0.1; printf '\xa9\n'`,
      ["é"],
    ],
    ["an empty line stays", String.raw`printf 'a\n\nb\n'`, ["a", "", "b"]],
  ])("%s", async (_, script, lines) => {
    expect((await runTask(shell(script))).log.map(({ text }) => text)).toEqual(lines);
  });

  test("a line without end is cut into parts", async () => {
    const { log } = await runTask(shell("head -c 300000 /dev/zero | tr '\\0' x"));
    expect(log.length).toBeGreaterThan(1);
    expect(log.map(({ text }) => text).join("")).toBe("x".repeat(300_000));
  });
});

describe("a process that fails", () => {
  test("fails the try with its exit code and its last lines", async () => {
    const error = await failureOf(runTask(shell("echo so far; echo 'no such table' >&2; exit 3")));
    expect(error).toMatchObject({ name: "ProcessError", code: "COMMAND_FAILED" });
    expect(error.message).toMatch(/^The script exited with code 3\. Its last lines:\n/);
    expect(error.message).toContain("no such table");
  });

  test("ends at the first command that fails, also within a pipe, and at an unset variable", async () => {
    for (const script of ["false; echo on", "false | cat; echo on", 'echo "$ABSENT"; echo on']) {
      const error = await failureOf(runTask(shell(script)));
      expect(error.message).not.toContain("on\n");
      expect(error.name).toBe("ProcessError");
    }
  });

  test.each([
    [
      "a command that does not exist",
      shell("no-such-command"),
      /does not exist/,
      "COMMAND_NOT_FOUND",
    ],
    [
      "a program that does not exist",
      exec(["no-such-program"]),
      /no-such-program exited with code 127/,
      "COMMAND_NOT_FOUND",
    ],
    [
      "a program that is not executable",
      exec(["/etc/passwd"]),
      /is not executable/,
      "COMMAND_NOT_EXECUTABLE",
    ],
    ["a code of failOn", shell("exit 4", { failOn: [4] }), /code 4/, "COMMAND_FAILED"],
    ["a code that retryOn does not name", shell("exit 4", { retryOn: [5] }), /4/, "COMMAND_FAILED"],
    ["an empty command", exec([]), /empty list/, "INVALID_COMMAND"],
    ["an empty script", python({ script: " " }), /is empty/, "INVALID_COMMAND"],
    [
      "a function that pastes values",
      shell((() => "echo pasted") as never),
      /made with sh`/,
      "INVALID_COMMAND",
    ],
    [
      "arguments that are too long",
      exec(["true", "x".repeat(200_000)]),
      /too long\. Use stdin/,
      "COMMAND_NOT_STARTED",
    ],
  ])("is not retried after %s", async (_, task, message, code) => {
    const error = await failureOf(runTask(task));
    expect(error).toMatchObject({ name: "FailTask", code });
    expect(error.message).toMatch(message);
  });

  test.each([
    ["by Airflow's code", shell("exit 99")],
    ["by a code of its own", shell("exit 7", { skipOn: [7] })],
  ])("skips the task %s", async (_, task) => {
    expect(await failureOf(runTask(task))).toMatchObject({ name: "SkipTask" });
  });

  test("names the signal that ended it", async () => {
    const error = await failureOf(runTask(shell("kill -KILL $$")));
    expect(error).toMatchObject({ name: "ProcessError", code: "COMMAND_KILLED" });
    expect(error.message).toMatch(
      /^The script was ended by SIGKILL \(the system may be out of memory\)/,
    );
  });

  test("has its exit code in the error, for code around it", async () => {
    const error = await failureOf(
      runTask(async (context) => {
        try {
          await shell("exit 3")(context);
        } catch (error) {
          if (error instanceof ProcessError) throw new Error(`code ${error.exitCode}`);
        }
      }),
    );
    expect(error.message).toBe("code 3");
  });
});

describe("nothing that a process starts outlives it", () => {
  const pidIn = async (file: string): Promise<number> => {
    const text = await until("the id of the process", async () => {
      const written = existsSync(file) && readFileSync(file, "utf8").trim();
      return written !== "" && written;
    });
    expect(text).toMatch(/^\d+$/);
    return Number(text);
  };

  test("when it ends and leaves a process behind", async () => {
    const file = join(folder, "pid");
    await runTask(shell(`sleep 1000 & echo $! > ${file}`));
    const pid = await pidIn(file);
    await until("the end of the process", async () => !isAlive(pid));
  });

  test("when the try is stopped, after it could tidy up", async () => {
    const abort = new AbortController();
    const [file, tidied] = [join(folder, "pid"), join(folder, "tidied")];
    const script = `trap 'touch ${tidied}; exit 1' TERM; sleep 1000 & echo $! > ${file}; wait`;
    const failure = failureOf(runTask(shell(script), { signal: abort.signal }));
    const pid = await pidIn(file);
    abort.abort(new Error("cancelled by a person"));
    expect((await failure).message).toBe("cancelled by a person");
    expect(existsSync(tidied)).toBe(true);
    await until("the end of the process", async () => !isAlive(pid));
  });

  test("when the try is stopped and the process does not listen", async () => {
    const abort = new AbortController();
    const file = join(folder, "pid");
    const script = `trap '' TERM; echo $$ > ${file}; while :; do read -t 100 _ <> <(:) || :; done`;
    const failure = failureOf(runTask(shell(script), { signal: abort.signal }));
    const pid = await pidIn(file);
    abort.abort(new Error("timed out"));
    expect((await failure).message).toBe("timed out");
    await until("the end of the process", async () => !isAlive(pid));
  });

  test("when the task process itself is killed", async () => {
    const file = join(folder, "pid");
    const victim = spawn(process.execPath, [await victimOf(file)], { stdio: "ignore" });
    const pid = await pidIn(file);
    victim.kill("SIGKILL");
    await until("the end of the process", async () => !isAlive(pid));
  });

  test("and no folder of a try is left", async () => {
    vi.stubEnv("TMPDIR", folder);
    await failureOf(runTask(shell("touch a; exit 3")));
    expect(await readdir(folder)).toEqual([]);
  });
});

/** A program that waits for a process of its own, as a task process does. */
async function victimOf(pidFile: string): Promise<string> {
  const ours = (path: string): string =>
    JSON.stringify(join(import.meta.dirname, "../../..", path));
  const program = join(folder, "victim.ts");
  await writeFile(
    program,
    `import { resolveBundle } from ${ours("runtime/child/resolve.ts")};
resolveBundle("/victim.ts", {});
const { runProcess } = await import("dagsmith/plugins/process");
const log = { debug() {}, info() {}, warn() {}, error() {} };
const command = ["bash", "-c", ${JSON.stringify(`sleep 1000 & echo $! > ${pidFile}; wait`)}];
const { signal } = new AbortController();
await runProcess({ command, cwd: "/" }, { log, signal });
`,
  );
  return program;
}

test("a process reports the script or the command that it runs, with its values", async () => {
  const script = shell(({ logicalDate }) => sh`echo ${`it's ${logicalDate.year}`}`);
  expect((await runTask(script)).rendered).toEqual({
    script: `_dagsmith_1='it'\\''s 2026'; echo "\${_dagsmith_1}"`,
  });
  const command = exec(({ mapIndex }) => ["echo", mapIndex]);
  expect((await runTask(command)).rendered).toEqual({ command: ["echo", "-1"] });
  const py = python({ script: "print(1)", args: ["--day", 3] });
  expect((await runTask(py)).rendered).toEqual({ script: "print(1)", arguments: ["--day", "3"] });
});

test.each([
  ["PYTHON_MISSING", { version: "2.4", reason: "not found" }, false],
  ["REQUIREMENTS_UNRESOLVED", { requirements: "six==0.0.999", reason: "no match" }, false],
  ["REQUIREMENTS_NOT_INSTALLED", { requirements: "six", reason: "no answer" }, true],
] as const)(
  "a Python environment that fails with %s has the retries that can help",
  (code, params, retryable) => {
    expect(failure(new DagsmithError(code, params as never))).toMatchObject({ retryable });
  },
);
